-- Index nach der Methode des Berliner Monitorings: z-Werte über die eingestuften Gebiete (Standardabweichung der
-- Grundgesamtheit), ungewichtet summiert und durch die Streuung der Summe geteilt. Ein Indikator, den die Ausgabe
-- nicht liefert, bleibt weg; ein Gebiet, dem ein gelieferter fehlt, wird nicht eingestuft.
with bestandteil as (
    select
        indizes.index_id,
        rate.gebietsstand,
        rate.stichtag,
        rate.ebene,
        rate.raumeinheit_id,
        rate.lieferung_id,
        rate.indikator_id,
        rate.wert * indizes.vorzeichen as wert
    from {{ ref('int_indikator__gelieferte_rate') }} as rate
    inner join {{ ref('indizes') }} as indizes on rate.indikator_id = indizes.indikator_id
),

geliefert as (
    select *
    from bestandteil
    qualify count(wert) over (partition by index_id, stichtag, gebietsstand, indikator_id) > 0
),

eingestuft as (
    select *
    from geliefert
    qualify count(wert) over (partition by index_id, stichtag, gebietsstand, ebene, raumeinheit_id)
        = count(*) over (partition by index_id, stichtag, gebietsstand, ebene, raumeinheit_id)
),

standardisiert as (
    select
        *,
        (wert - avg(wert) over indikator) / nullif(stddev_pop(wert) over indikator, 0) as z
    from eingestuft
    window indikator as (partition by index_id, stichtag, gebietsstand, indikator_id)
),

summe as (
    select index_id, gebietsstand, stichtag, ebene, raumeinheit_id, lieferung_id, sum(z) as summe
    from standardisiert
    group by index_id, gebietsstand, stichtag, ebene, raumeinheit_id, lieferung_id
),

geteilt as (
    select
        *,
        summe / nullif(stddev_pop(summe) over (partition by index_id, stichtag, gebietsstand), 0) as wert
    from summe
),

gebiet as (
    select distinct index_id, gebietsstand, stichtag, ebene, raumeinheit_id, lieferung_id
    from bestandteil
),

klassiert as (
    select
        gebiet.index_id,
        gebiet.gebietsstand,
        gebiet.stichtag,
        gebiet.ebene,
        gebiet.raumeinheit_id,
        geteilt.wert,
        klasse.klasse,
        case when geteilt.wert is null then 'nicht_geliefert' else 'wert' end as status_id,
        gebiet.lieferung_id
    from gebiet
    left join geteilt
        on gebiet.index_id = geteilt.index_id
        and gebiet.gebietsstand = geteilt.gebietsstand
        and gebiet.stichtag = geteilt.stichtag
        and gebiet.ebene = geteilt.ebene
        and gebiet.raumeinheit_id = geteilt.raumeinheit_id
    left join {{ ref('indexklassen') }} as klasse
        on geteilt.index_id = klasse.index_id
        and (klasse.ueber is null or geteilt.wert > klasse.ueber or (klasse.untergrenze_gehoert_dazu and geteilt.wert = klasse.ueber))
        and (
            klasse.bis is null
            or geteilt.wert < klasse.bis
            -- Die Grenze gehört der Klasse darunter, außer die nächste nimmt sie für sich.
            or (
                geteilt.wert = klasse.bis
                and not exists (
                    select 1 from {{ ref('indexklassen') }} as naechste
                    where naechste.index_id = klasse.index_id and naechste.ueber = klasse.bis and naechste.untergrenze_gehoert_dazu
                )
            )
        )
)

select * from klassiert
