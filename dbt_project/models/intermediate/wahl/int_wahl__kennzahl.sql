-- Wahlberechtigte und Wählende als Kennzahlen auf der feinsten gezeigten Ebene, je Art der Wahl eigene.
with feinste as (
    select wert.*
    from {{ ref('int_wahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene
    qualify ebene.rang = max(ebene.rang) over ()
),

kennzahlen as (
    {% for spalte in ['wahlberechtigte', 'waehler'] %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ spalte }}_' || wahl as kennzahl_id, {{ spalte }} as wert,
        case when {{ spalte }} is null then 'nicht_geliefert' when uebertragung = 'geschaetzt' then 'eingeschraenkt' else 'wert' end as status_id
    from feinste
    {% endfor %}
)

select * from kennzahlen
