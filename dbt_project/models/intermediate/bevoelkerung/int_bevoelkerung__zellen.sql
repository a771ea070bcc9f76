-- Die Bevölkerung in einer Form, gleich ob aus Personen oder aus Tabellen: je Lieferung nur die feinste gelieferte Ebene.
-- Ein leeres Merkmal heißt: diese Gliederung unterscheidet danach nicht, oder (wo sie es tut) bei diesen Personen unbekannt.
{% set merkmale = ['alter_von', 'alter_bis', 'geschlecht', 'staatsangehoerigkeit', 'migrationshintergrund', 'wohndauer_von'] %}

with feinste as (
    select tabellen.*
    from {{ ref('int_bevoelkerung__tabellen_zellen') }} as tabellen
    inner join {{ ref('stg_tuer__ebene') }} as ebene on tabellen.ebene = ebene.ebene
    qualify ebene.rang = max(ebene.rang) over (partition by tabellen.lieferung_id, tabellen.gliederung)
),

zusammen as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        gliederung,
        alter_von,
        alter_bis,
        geschlecht,
        staatsangehoerigkeit,
        migrationshintergrund,
        wohndauer_von,
        anzahl
    from {{ ref('int_bevoelkerung__register_zellen') }}
    union all
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        gliederung,
        alter_von,
        alter_bis,
        geschlecht,
        staatsangehoerigkeit,
        migrationshintergrund,
        wohndauer_von,
        anzahl
    from feinste
),

-- Gleiche Lieferung, Gliederung und Merkmale bekommen eine Nummer: an ihr hängt alles Weitere, nicht an acht Spalten.
zelltyp as (
    select
        *,
        row_number() over (order by lieferung_id, gliederung, {{ merkmale | join(', ') }}) as zelltyp_nr,
        dense_rank() over (order by lieferung_id, gliederung) as gliederung_nr
    from (select distinct lieferung_id, gliederung, {{ merkmale | join(', ') }} from zusammen)
),

zellen as (
    select zusammen.*, zelltyp.zelltyp_nr, zelltyp.gliederung_nr
    from zusammen
    inner join zelltyp
        on zusammen.lieferung_id = zelltyp.lieferung_id
        and zusammen.gliederung = zelltyp.gliederung
        {% for merkmal in merkmale %}
        and zusammen.{{ merkmal }} is not distinct from zelltyp.{{ merkmal }}
        {% endfor %}
)

select * from zellen
