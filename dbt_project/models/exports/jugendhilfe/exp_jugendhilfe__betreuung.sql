-- Plätze und Kinder stehen als Zähler und Nenner in den vier Quoten; hier eine Zeile je Altersgruppe.
with quote as (
    select
        *,
        regexp_extract(indikator_id, '^kita_(\w+)quote_(u3|ue3)$', 1) as definition,
        regexp_extract(indikator_id, '^kita_(\w+)quote_(u3|ue3)$', 2) as altersgruppe
    from {{ ref('exp_freigabe__fct_indikatorwert') }}
    where zielgruppe = 'verwaltung'
        and gebietsstand_am_stichtag
        and indikator_id in ('kita_versorgungsquote_u3', 'kita_versorgungsquote_ue3', 'kita_betreuungsquote_u3', 'kita_betreuungsquote_ue3')
),

zeile as (
    select
        quote.raumeinheit_id,
        any_value(raum.name) as raum,
        quote.gebietsstand,
        quote.ebene,
        quote.stichtag,
        max(quote.stichtag_nenner) as stichtag_kinder,
        quote.altersgruppe,
        max(quote.zaehler) filter (where quote.definition = 'versorgungs') as plaetze,
        max(quote.zaehler) filter (where quote.definition = 'betreuungs') as betreute_kinder,
        max(quote.nenner) as kinder,
        max(quote.wert) filter (where quote.definition = 'versorgungs') as versorgungsquote,
        max(quote.zeichen) filter (where quote.definition = 'versorgungs') as versorgung_zeichen,
        max(quote.wert) filter (where quote.definition = 'betreuungs') as betreuungsquote,
        -- Die Meldung nennt nicht, wo ein Kind wohnt: unterhalb der Stadt gibt es die Quote nicht, auch nicht als gesperrte.
        case when bool_or(quote.definition = 'betreuungs') then max(quote.zeichen) filter (where quote.definition = 'betreuungs') else 'x' end as betreuung_zeichen,
        bool_or(quote.vorlaeufig) as vorlaeufig,
        any_value(stadt.simuliert) as simuliert
    from quote
    inner join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
        on quote.raumeinheit_id = raum.raumeinheit_id
        and quote.gebietsstand = raum.gebietsstand
        and quote.ebene = raum.ebene
        and quote.zielgruppe = raum.zielgruppe
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    group by quote.raumeinheit_id, quote.gebietsstand, quote.ebene, quote.stichtag, quote.altersgruppe
)

select
    raumeinheit_id,
    raum,
    gebietsstand,
    ebene,
    stichtag,
    stichtag_kinder,
    altersgruppe,
    plaetze,
    case when plaetze is null then coalesce(versorgung_zeichen, '.') end as plaetze_zeichen,
    betreute_kinder,
    case when betreute_kinder is null then coalesce(betreuung_zeichen, '.') end as betreute_kinder_zeichen,
    kinder,
    case when kinder is null then coalesce(versorgung_zeichen, betreuung_zeichen, '.') end as kinder_zeichen,
    versorgungsquote,
    versorgung_zeichen,
    betreuungsquote,
    betreuung_zeichen,
    vorlaeufig,
    simuliert
from zeile
