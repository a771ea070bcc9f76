-- Von den amtlichen Zahlen bleibt, was die Stadt ist, was sie umgibt (Kreis, Land, Bund) und was in ihr liegt.
with stadt as (
    select ags from {{ ref('stg_tuer__stadt') }}
),

-- Die Zahl der ganzen Stadt, in allen Gebietsständen dieselbe, und was bei jeder Zielgruppe gezeigt werden dürfte.
gezaehlt as (
    select
        wert.stichtag,
        wert.kennzahl_id,
        max(wert.wert) as wert,
        greatest(max(regel.mindestzahl), max(coalesce(quellenstand.mindestzahl, 0))) as mindestzahl
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.rang = 1
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
    inner join {{ ref('int_schutz__regel') }} as regel on wert.kennzahl_id = regel.kennzahl_id
    group by wert.stichtag, wert.kennzahl_id
)

select
    referenz.statistik,
    referenz.stichtag,
    case
        when referenz.ags = 'DG' then 'bund'
        when referenz.statistik = 'stadtteilprofil' then referenz.gebiet_art
        -- Eine kreisfreie Stadt hat auch den Schlüssel eines Kreises, ein Stadtstaat den eines Landes.
        when rpad(referenz.ags, 8, '0') = stadt.ags then 'stadt'
        when length(referenz.ags) = 2 then 'land'
        when length(referenz.ags) = 3 then 'regierungsbezirk'
        when length(referenz.ags) = 5 then 'kreis'
        else 'stadt'
    end as gebiet_art,
    referenz.ags as gebiet_schluessel,
    referenz.gebiet_name,
    referenz.merkmal,
    merkmal.kennzahl_id,
    -- Kleine nicht: dass eine gesperrte Zahl gleich ist oder nicht, verriete sie.
    coalesce(
        merkmal.deckungsgleich
        and rpad(referenz.ags, 8, '0') = stadt.ags
        and referenz.wert = gezaehlt.wert
        and referenz.wert >= gezaehlt.mindestzahl,
        false
    ) as bekannt,
    referenz.wert,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    quellenstand.vorlaeufig,
    referenz.lieferung_id,
    status.status_id
from {{ ref('stg_referenz__wert') }} as referenz
cross join stadt
inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on referenz.lieferung_id = quellenstand.lieferung_id
left join {{ ref('referenzmerkmale') }} as merkmal on referenz.statistik = merkmal.statistik and referenz.merkmal = merkmal.merkmal
left join gezaehlt on referenz.stichtag = gezaehlt.stichtag and merkmal.kennzahl_id = gezaehlt.kennzahl_id
inner join {{ ref('status') }} as status
    on case when referenz.wert = 0 and referenz.wert_zeichen is null then 'nichts_vorhanden' else {{ status_aus_zeichen('referenz.wert_zeichen') }} end = status.status_id
where referenz.statistik = 'stadtteilprofil'
    or (
        (referenz.ags = 'DG' or starts_with(stadt.ags, referenz.ags))
        -- Die Bundesergebnisse des Zensus stehen dreimal da; gemeint sind die in Deutschland Lebenden.
        and referenz.gebiet_art not in ('Bund (mit Deutschen im Ausland)', 'Deutsche im Ausland')
    )
