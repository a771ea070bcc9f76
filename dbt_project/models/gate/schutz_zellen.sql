-- Elementarzellen: je Familie von Kennzahlen die feinste Aufteilung der Bevölkerung, aus der sich alle ihre Zahlen,
-- deren Reste und deren Unterschiede zusammensetzen. Ist jede Zelle 0 oder mindestens so groß wie die Mindestzahl,
-- verrät keine Verbindung veröffentlichter Zahlen eine kleinere Gruppe.
{{ config(alias='zellen') }}
{% set merkmale = ['geschlecht', 'staatsangehoerigkeit', 'migrationshintergrund'] %}

-- Nur was zählt und nicht schon vom Lieferanten veröffentlicht ist; Stufe 1 und 2 schließen die gröberen ein.
with zaehlt as (
    select distinct
        wert.lieferung_id,
        wert.gliederung,
        kennzahl.schutzfamilie as familie,
        kennzahl.schutzstufe as stufe,
        kennzahl.kennzahl_id
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand
        on wert.lieferung_id = quellenstand.lieferung_id
        and not quellenstand.veroeffentlicht
    inner join {{ ref('kennzahlen') }} as kennzahl on wert.kennzahl_id = kennzahl.kennzahl_id
    where wert.gliederung is not null
),

grenze as (
    select distinct
        stufe.lieferung_id,
        stufe.gliederung,
        stufe.familie,
        stufe.stufe,
        kennzahl.kennzahl_id,
        kennzahl.alter_von,
        kennzahl.alter_bis,
        kennzahl.wohndauer_ab,
        {% for merkmal in merkmale %}kennzahl.{{ merkmal }}{{ ', ' if not loop.last }}{% endfor %}
    from (select distinct lieferung_id, gliederung, familie, stufe from zaehlt) as stufe
    inner join zaehlt
        on stufe.lieferung_id = zaehlt.lieferung_id
        and stufe.gliederung = zaehlt.gliederung
        and stufe.familie = zaehlt.familie
        and stufe.stufe >= zaehlt.stufe
    inner join {{ ref('kennzahlen') }} as kennzahl on zaehlt.kennzahl_id = kennzahl.kennzahl_id
),

zelltyp as (
    select distinct zelltyp_nr, gliederung_nr, lieferung_id, gliederung, alter_von, alter_bis, wohndauer_von, {{ merkmale | join(', ') }}
    from {{ ref('int_bevoelkerung__zellen') }}
),

-- Auf welcher Seite jeder Altersgrenze und jedes Merkmals der Familie ein Zelltyp liegt. Jedes Merkmal für sich:
-- aus "Nichtdeutsche unter 18" und "unter 18" folgt auch "Deutsche unter 18".
signatur as (
    select
        zelltyp.zelltyp_nr,
        zelltyp.gliederung_nr,
        grenze.familie,
        grenze.stufe,
        string_agg(
            case when grenze.alter_von is null then '' when zelltyp.alter_von >= grenze.alter_von and coalesce(zelltyp.alter_bis <= grenze.alter_bis, grenze.alter_bis is null) then 'a' else '-' end
            || case when grenze.wohndauer_ab is null then '' when zelltyp.wohndauer_von >= grenze.wohndauer_ab then 'w' else '-' end
            {% for merkmal in merkmale %}
            || case when grenze.{{ merkmal }} is null then '' when zelltyp.{{ merkmal }} = grenze.{{ merkmal }} then 'm' else '-' end
            {% endfor %},
            '.' order by grenze.kennzahl_id
        ) as signatur
    from zelltyp
    inner join grenze on zelltyp.lieferung_id = grenze.lieferung_id and zelltyp.gliederung = grenze.gliederung
    group by zelltyp.zelltyp_nr, zelltyp.gliederung_nr, grenze.familie, grenze.stufe
),

nummeriert as (
    select *, dense_rank() over (order by gliederung_nr, familie, stufe, signatur) as elementarzelle_nr
    from signatur
),

gezaehlt as (
    select nummeriert.elementarzelle_nr, zellen.raumeinheit_id, sum(zellen.anzahl) as anzahl
    from {{ ref('int_bevoelkerung__zellen') }} as zellen
    inner join nummeriert on zellen.zelltyp_nr = nummeriert.zelltyp_nr
    group by nummeriert.elementarzelle_nr, zellen.raumeinheit_id
),

benannt as (
    select
        lage.stichtag,
        lage.gebietsstand,
        lage.ebene,
        gezaehlt.raumeinheit_id,
        zelle.familie,
        zelle.stufe,
        gezaehlt.elementarzelle_nr,
        zelle.signatur,
        cast(gezaehlt.anzahl as bigint) as anzahl
    from gezaehlt
    inner join (select distinct elementarzelle_nr, gliederung_nr, familie, stufe, signatur from nummeriert) as zelle
        on gezaehlt.elementarzelle_nr = zelle.elementarzelle_nr
    inner join (select distinct gliederung_nr, stichtag, gebietsstand, ebene from {{ ref('int_bevoelkerung__zellen') }}) as lage
        on zelle.gliederung_nr = lage.gliederung_nr
)

select * from benannt
where anzahl > 0
