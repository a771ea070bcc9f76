-- Ein Indikator ist gesperrt, sobald ein Glied seines Zählers oder Nenners es ist, und mit ihm alles, was aus ihm folgt;
-- der Vergleich mit dem Rest der Stadt auch, sobald die Zahl der Stadt es ist. Rechengrößen (Ausnahme gesperrt) gehen
-- nie hinaus: was aus ihnen folgt, wird so gerundet, dass sie sich nicht zurückrechnen lassen.
-- Eine Rate ohne Fallzahlen aus einer nicht veröffentlichten Quelle lässt sich nicht prüfen und bleibt gesperrt.
with muster as (
    select
        muster.zielgruppe,
        muster.gebietsstand,
        muster.ebene,
        muster.raumeinheit_id,
        muster.stichtag,
        formel.indikator_id,
        bool_or(formel.rolle = 'zaehler') as zaehler_gesperrt,
        bool_or(formel.rolle = 'nenner') as nenner_gesperrt,
        bool_or(regel.ausnahme is distinct from 'gesperrt') as wert_gesperrt,
        min(regel.rundung_stellen) filter (where regel.ausnahme = 'gesperrt') as rundung_stellen
    from {{ ref('schutz_muster') }} as muster
    inner join {{ ref('int_indikator__formel') }} as formel on muster.kennzahl_id = formel.kennzahl_id
    left join {{ ref('int_schutz__regel') }} as regel
        on muster.zielgruppe = regel.zielgruppe
        and muster.kennzahl_id = regel.kennzahl_id
    group by muster.zielgruppe, muster.gebietsstand, muster.ebene, muster.raumeinheit_id, muster.stichtag, formel.indikator_id
),

stadt_gesperrt as (
    select muster.zielgruppe, muster.gebietsstand, muster.stichtag, muster.indikator_id
    from muster
    inner join {{ ref('stg_tuer__ebene') }} as ebene on muster.ebene = ebene.ebene and ebene.rang = 1
    where muster.wert_gesperrt
),

mindestnenner as (
    select formel.indikator_id, regel.zielgruppe, max(regel.mindestnenner) as mindestnenner
    from {{ ref('int_indikator__formel') }} as formel
    inner join {{ ref('int_schutz__regel') }} as regel on formel.kennzahl_id = regel.kennzahl_id
    where formel.rolle = 'nenner' and regel.ausnahme is null
    group by formel.indikator_id, regel.zielgruppe
),

wert as (
    select
        zielgruppen.zielgruppe,
        indikatorwert.*,
        coalesce(muster.zaehler_gesperrt, false) as zaehler_gesperrt,
        coalesce(muster.nenner_gesperrt, false) as nenner_gesperrt,
        stadt_gesperrt.indikator_id is not null as vergleich_gesperrt,
        -- Mittel mal veröffentlichter Nenner darf die gesperrte Summe nur auf ±5 nennen, sonst verriete der Unterschied zweier
        -- Jahre das Alter dessen, der dazukam: unter 100 Personen ganze Jahre, unter 10 Jahrzehnte.
        -- 15 Stellen hat eine Gleitkommazahl: sie rundet nichts weg.
        case
            when muster.rundung_stellen is null then 15
            else least(muster.rundung_stellen, cast(floor(log10(greatest(indikatorwert.nenner, 1)) - 1) as integer))
        end as stellen,
        case
            when indikatorwert.status_id in ('nicht_berechenbar', 'nicht_geliefert') then null
            when muster.wert_gesperrt then 'geheim_schutz'
            when quellenstand.veroeffentlicht then null
            when indikator.art = 'gelieferte_rate' then 'geheim_schutz'
            when indikatorwert.nenner < mindestnenner.mindestnenner then 'geheim_schutz'
        end as gesperrt_id
    from {{ ref('fct_indikatorwert') }} as indikatorwert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on indikatorwert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('dim_indikator') }} as indikator on indikatorwert.indikator_id = indikator.indikator_id
    left join {{ ref('stg_tuer__quellenstand') }} as quellenstand on indikatorwert.lieferung_id = quellenstand.lieferung_id
    cross join {{ zielgruppen() }}
    left join mindestnenner
        on zielgruppen.zielgruppe = mindestnenner.zielgruppe
        and indikatorwert.indikator_id = mindestnenner.indikator_id
    left join stadt_gesperrt
        on zielgruppen.zielgruppe = stadt_gesperrt.zielgruppe
        and indikatorwert.gebietsstand = stadt_gesperrt.gebietsstand
        and indikatorwert.stichtag = stadt_gesperrt.stichtag
        and indikatorwert.indikator_id = stadt_gesperrt.indikator_id
    left join muster
        on zielgruppen.zielgruppe = muster.zielgruppe
        and indikatorwert.gebietsstand = muster.gebietsstand
        and indikatorwert.ebene = muster.ebene
        and indikatorwert.raumeinheit_id = muster.raumeinheit_id
        and indikatorwert.stichtag = muster.stichtag
        and indikatorwert.indikator_id = muster.indikator_id
)

select
    wert.zielgruppe,
    wert.raumeinheit_id,
    wert.gebietsstand,
    wert.ebene,
    wert.stichtag,
    wert.stichtag_nenner,
    wert.jahr,
    wert.ist_jahreswert,
    wert.indikator_id,
    case when not wert.zaehler_gesperrt and wert.gesperrt_id is null then wert.zaehler end as zaehler,
    case when not wert.nenner_gesperrt then wert.nenner end as nenner,
    {% for spalte in ['wert', 'ki_unten', 'ki_oben'] %}
    case when wert.gesperrt_id is null then round(wert.{{ spalte }}, wert.stellen) end as {{ spalte }},
    {% endfor %}
    {% for spalte in ['rest_wert', 'diff', 'diff_ki_unten', 'diff_ki_oben'] %}
    case when wert.gesperrt_id is null and not wert.vergleich_gesperrt then round(wert.{{ spalte }}, wert.stellen) end as {{ spalte }},
    {% endfor %}
    case when wert.gesperrt_id is null and not wert.vergleich_gesperrt then wert.vergleich else 'nicht_berechenbar' end as vergleich,
    coalesce(gesperrt.obs_status, wert.obs_status) as obs_status,
    coalesce(gesperrt.conf_status, wert.conf_status) as conf_status,
    case when wert.gesperrt_id is null then wert.zeichen else gesperrt.zeichen end as zeichen,
    wert.vorlaeufig,
    wert.lieferung_id,
    coalesce(wert.gesperrt_id, wert.status_id) as status_id,
    wert.ki_methode,
    wert.gebietsstand_am_stichtag,
    wert.guete,
    wert.uebergeleitet,
    wert.erwarteter_fehler,
    case when wert.gesperrt_id is null then wert.designeffekt end as designeffekt,
    wert.designeffekt_quelle
from wert
left join {{ ref('status') }} as gesperrt on wert.gesperrt_id = gesperrt.status_id
