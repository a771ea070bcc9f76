-- Maßnahmen, ihre Kosten und Drittmittel je Stadtbereich; stadtweite stehen im Mitglied "nicht zuordenbar". Verworfene zählen nicht.
with ziel as (
    select ebene from {{ ref('stg_tuer__ebene') }} where rang = 2
),

massnahme as (
    select
        massnahme.lieferung_id,
        massnahme.stichtag,
        massnahme.gebietsstand,
        ziel.ebene,
        coalesce(vorfahr.vorfahr_id, 'nz_' || ziel.ebene) as raumeinheit_id,
        massnahme.kosten_eur,
        massnahme.drittmittel_eur
    from {{ ref('stg_planung__massnahme') }} as massnahme
    cross join ziel
    left join {{ ref('int_raum__vorfahr') }} as vorfahr
        on massnahme.gebietsstand = vorfahr.gebietsstand
        and massnahme.ebene = vorfahr.ebene
        and massnahme.raumeinheit_id = vorfahr.raumeinheit_id
        and ziel.ebene = vorfahr.vorfahr_ebene
    where massnahme.stand <> 'verworfen'
),

kennzahlen as (
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, 'massnahmen' as kennzahl_id, cast(count(*) as double) as wert, 'wert' as status_id
    from massnahme
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% for kennzahl, spalte in [('massnahmen_kosten', 'kosten_eur'), ('massnahmen_drittmittel', 'drittmittel_eur')] %}
    union all
    select
        lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ kennzahl }}',
        case when count(*) = count({{ spalte }}) then sum({{ spalte }}) end,
        case when count(*) = count({{ spalte }}) then 'wert' else 'spaeter' end
    from massnahme
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
    union all
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, 'stadtteilarbeitskreise', cast(count(*) filter (where vorhanden) as double), 'wert'
    from {{ ref('stg_planung__arbeitskreis') }}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
)

select * from kennzahlen
