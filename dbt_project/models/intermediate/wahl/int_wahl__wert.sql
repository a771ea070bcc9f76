-- Dezimal summiert, damit die Reihenfolge der Zeilen nichts ändert. Wahlberechtigte und Wählende je Gebiet aller gezeigten Ebenen. Briefwählende stehen nur im Briefwahlbezirk: sie werden seinen
-- Stimmbezirken nach Wahlscheinen zugeteilt. Ein Stimmbezirk, der ganz in einem Gebiet liegt, ist dort exakt.
with stimmbezirk as (
    select
        urne.lieferung_id,
        urne.stichtag,
        urne.gebietsstand,
        urne.wahl,
        urne.nummer as stimmbezirk,
        urne.wahlberechtigte,
        urne.waehler + coalesce(
            brief.waehler * urne.wahlscheine / nullif(sum(urne.wahlscheine) over gruppe, 0),
            brief.waehler * urne.wahlberechtigte / nullif(sum(urne.wahlberechtigte) over gruppe, 0),
            case when brief.nummer is null then 0 end
        ) as waehler
    from {{ ref('stg_wahlen__ergebnis') }} as urne
    left join {{ ref('stg_wahlen__ergebnis') }} as brief
        on urne.lieferung_id = brief.lieferung_id
        and urne.briefwahlbezirk = brief.nummer
        and brief.art = 'Briefwahlbezirk'
    where urne.art = 'Stimmbezirk'
    window gruppe as (partition by urne.lieferung_id, urne.briefwahlbezirk)
),

ziel as (
    select ebene from {{ ref('stg_tuer__ebene') }} where verlaesst_das_haus
    qualify rang = max(rang) over ()
),

-- Was kein Verzeichnis kennt, bleibt in der Stadt, aber nicht zuordenbar.
zugeordnet as (
    select
        stimmbezirk.*,
        coalesce(uebertragung.ebene, ziel.ebene) as ebene,
        coalesce(uebertragung.raumeinheit_id, 'nz_' || ziel.ebene) as raumeinheit_id,
        coalesce(uebertragung.gewicht, 1) as gewicht,
        coalesce(uebertragung.uebertragung, 'geschaetzt') as uebertragung
    from stimmbezirk
    cross join ziel
    left join {{ ref('int_wahl__uebertragung') }} as uebertragung
        on stimmbezirk.lieferung_id = uebertragung.lieferung_id
        and stimmbezirk.stimmbezirk = uebertragung.stimmbezirk
),

hinauf as (
    select
        zugeordnet.lieferung_id,
        zugeordnet.stichtag,
        zugeordnet.gebietsstand,
        zugeordnet.wahl,
        zugeordnet.stimmbezirk,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        cast(sum(cast(zugeordnet.gewicht as decimal(18, 15))) as double) as gewicht,
        any_value(zugeordnet.wahlberechtigte) as wahlberechtigte,
        any_value(zugeordnet.waehler) as waehler,
        case when count(*) over (partition by zugeordnet.lieferung_id, zugeordnet.stimmbezirk, vorfahr.vorfahr_ebene) = 1 then 'exakt' else max(zugeordnet.uebertragung) end as uebertragung
    from zugeordnet
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on zugeordnet.gebietsstand = vorfahr.gebietsstand
        and zugeordnet.ebene = vorfahr.ebene
        and zugeordnet.raumeinheit_id = vorfahr.raumeinheit_id
    group by zugeordnet.lieferung_id, zugeordnet.stichtag, zugeordnet.gebietsstand, zugeordnet.wahl, zugeordnet.stimmbezirk, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
),

werte as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        wahl,
        ebene,
        raumeinheit_id,
        case when count(*) = count(wahlberechtigte) then cast(sum(cast(wahlberechtigte * gewicht as decimal(18, 9))) as double) end as wahlberechtigte,
        case when count(*) = count(waehler) then cast(sum(cast(waehler * gewicht as decimal(18, 9))) as double) end as waehler,
        case when bool_or(uebertragung = 'geschaetzt') then 'geschaetzt' when bool_or(uebertragung = 'gewichtet') then 'gewichtet' else 'exakt' end as uebertragung,
        100 * cast(sum(cast(case when uebertragung = 'exakt' then wahlberechtigte * gewicht else 0 end as decimal(18, 9))) as double)
            / nullif(cast(sum(cast(wahlberechtigte * gewicht as decimal(18, 9))) as double), 0) as anteil_exakt
    from hinauf
    group by lieferung_id, stichtag, gebietsstand, wahl, ebene, raumeinheit_id
)

select * from werte
