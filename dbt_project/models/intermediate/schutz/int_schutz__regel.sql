-- Je Kennzahl und Zielgruppe die Regel, die gilt: die des Themas, sonst die für alle; die Stadt kann nur strenger sein.
with kandidat as (
    select
        kennzahl.kennzahl_id,
        zielgruppen.zielgruppe,
        regel.*  exclude (zielgruppe, mindestzahl),
        greatest(regel.mindestzahl, stadt.mindestzahl) as mindestzahl
    from {{ ref('kennzahlen') }} as kennzahl
    cross join {{ zielgruppen() }}
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    inner join {{ ref('schutzregeln') }} as regel
        on zielgruppen.zielgruppe = regel.zielgruppe
        and regel.thema in ('*', kennzahl.thema)
),

regel as (
    select
        kandidat.kennzahl_id,
        kandidat.zielgruppe,
        kandidat.mindestzahl,
        kandidat.komplement,
        kandidat.null_geschuetzt,
        kandidat.hundert_prozent,
        kandidat.mindestnenner,
        kandidat.einzelfall,
        kandidat.mindesthaushalte,
        kandidat.dominanz_n,
        kandidat.dominanz_k,
        kandidat.p_prozent,
        kandidat.rundung_stellen,
        ebene.rang as unterster_rang,
        ausnahme.art as ausnahme,
        ausnahme.grund as ausnahme_grund
    from kandidat
    left join {{ ref('stg_tuer__ebene') }} as ebene on kandidat.unterste_ebene = ebene.ebene
    left join {{ ref('schutzausnahmen') }} as ausnahme
        on kandidat.kennzahl_id = ausnahme.kennzahl_id
        and ausnahme.zielgruppe in ('*', kandidat.zielgruppe)
    qualify row_number() over (
        partition by kandidat.kennzahl_id, kandidat.zielgruppe
        order by kandidat.thema = '*', ausnahme.zielgruppe = '*'
    ) = 1
)

select * from regel
