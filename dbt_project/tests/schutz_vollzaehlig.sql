-- Nur Ebenen, die das Haus verlassen dürfen; für jede Zielgruppe jede Zeile, gesperrt heißt leer und nicht weg.
{% for mart in ['fct_kennzahl', 'fct_indikatorwert', 'fct_index'] %}
{{ 'union all' if not loop.first }}
select '{{ mart }}' as mart, count(*) as zeilen, count(*) filter (where not ebene.verlaesst_das_haus) as zu_fein
from {{ ref('exp_freigabe__' ~ mart) }} as freigabe
inner join {{ ref('stg_tuer__ebene') }} as ebene on freigabe.ebene = ebene.ebene
having count(*) <> 3 * (
    select count(*) from {{ ref(mart) }} as mart
    inner join {{ ref('stg_tuer__ebene') }} as ebene on mart.ebene = ebene.ebene and ebene.verlaesst_das_haus
)
or count(*) filter (where not ebene.verlaesst_das_haus or (freigabe.status_id = 'geheim_schutz' and freigabe.wert is not null) or freigabe.conf_status in ('A', 'D')) > 0
{% endfor %}
