-- Welche Gliederung welcher Lieferung welche Kennzahl trägt: ihre Zellen füllen die Altersspanne genau und
-- unterscheiden jedes gefragte Merkmal. Nichts wird geschätzt; was nicht trägt, bleibt unbekannt.
{# Eine Tabelle, die lückenlos bis hierher reicht, lässt niemanden aus; so enden auch die der amtlichen Statistik (Berlin: 95 bis unter 110). #}
{% set hoechstalter = 109 %}

with eigenschaft as (
    select
        zellen.lieferung_id,
        zellen.gliederung,
        coalesce(bool_or(vorrang.einzeljahre), false) as einzeljahre,
        bool_or(zellen.alter_von is not null) as nach_alter,
        bool_or(zellen.geschlecht is not null) as nach_geschlecht,
        bool_or(zellen.geschlecht = 'nicht_w') as nur_weiblich,
        bool_or(zellen.staatsangehoerigkeit is not null) as nach_staatsangehoerigkeit,
        bool_or(zellen.migrationshintergrund is not null) as nach_migrationshintergrund,
        bool_or(zellen.wohndauer_von is not null) as nach_wohndauer
    from {{ ref('int_bevoelkerung__zellen') }} as zellen
    inner join {{ ref('vorrang') }} as vorrang on zellen.gliederung = vorrang.gliederung
    group by zellen.lieferung_id, zellen.gliederung
),

band as (
    select distinct lieferung_id, gliederung, alter_von, alter_bis
    from {{ ref('int_bevoelkerung__zellen') }}
    where alter_von is not null
),

spanne as (
    select
        band.lieferung_id,
        band.gliederung,
        kennzahl.kennzahl_id,
        bool_or(
            (band.alter_von < kennzahl.alter_von and coalesce(band.alter_bis >= kennzahl.alter_von, true))
            or coalesce(band.alter_von <= kennzahl.alter_bis and coalesce(band.alter_bis > kennzahl.alter_bis, true), false)
        ) as zerschneidet,
        sum(
            case
                when band.alter_von >= kennzahl.alter_von and band.alter_bis <= coalesce(kennzahl.alter_bis, band.alter_bis)
                    then band.alter_bis - band.alter_von + 1
                else 0
            end
        ) as gefuellte_jahre,
        max(case when band.alter_bis is null then band.alter_von end) as offen_ab,
        bool_and(band.alter_bis is not distinct from band.alter_von) as nur_einzeljahre
    from band
    cross join {{ ref('kennzahlen') }} as kennzahl
    where kennzahl.alter_von is not null
    group by band.lieferung_id, band.gliederung, kennzahl.kennzahl_id
),

tragfaehig as (
    select
        eigenschaft.lieferung_id,
        eigenschaft.gliederung,
        kennzahl.kennzahl_id
    from eigenschaft
    cross join {{ ref('kennzahlen') }} as kennzahl
    left join spanne
        on eigenschaft.lieferung_id = spanne.lieferung_id
        and eigenschaft.gliederung = spanne.gliederung
        and kennzahl.kennzahl_id = spanne.kennzahl_id
    where kennzahl.thema in ('bevoelkerung', 'jahrgang')
        and (kennzahl.geschlecht is null or (eigenschaft.nach_geschlecht and (kennzahl.geschlecht = 'w' or not eigenschaft.nur_weiblich)))
        and (kennzahl.staatsangehoerigkeit is null or eigenschaft.nach_staatsangehoerigkeit)
        and (kennzahl.migrationshintergrund is null or eigenschaft.nach_migrationshintergrund)
        and (kennzahl.wohndauer_ab is null or eigenschaft.nach_wohndauer)
        and (
            kennzahl.alter_von is null
            or (
                eigenschaft.nach_alter
                and not spanne.zerschneidet
                -- Im Register fehlt ein Altersjahr nur, wenn es niemand hat; eine Tabelle muss lückenlos sein.
                and (
                    eigenschaft.einzeljahre
                    or kennzahl.alter_von + spanne.gefuellte_jahre = coalesce(kennzahl.alter_bis + 1, spanne.offen_ab)
                    or (kennzahl.alter_bis is null and spanne.offen_ab is null and kennzahl.alter_von + spanne.gefuellte_jahre > {{ hoechstalter }})
                )
            )
        )
        and (kennzahl.mass = 'personen' or coalesce(spanne.nur_einzeljahre, false))
)

select * from tragfaehig
