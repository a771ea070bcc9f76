-- Was von den jüngsten Listen keinen Platz in der Stadt fand, mit den nächsten Anschriften des Verzeichnisses.
with juengste as (
    select *
    from {{ ref('stg_orte__ort') }}
    qualify stichtag = max(stichtag) over (partition by liste)
)

select
    juengste.liste,
    juengste.ort_nr,
    juengste.kategorie,
    juengste.name,
    juengste.anschrift,
    case
        when lage.lage_art = 'ausserhalb' then 'Koordinaten liegen in keinem Gebiet der Stadt'
        when juengste.anschrift is null then 'weder Koordinaten noch Anschrift'
        when lage.kandidaten is null then 'Anschrift nicht im Adressverzeichnis, nichts Ähnliches gefunden'
        else 'Anschrift nicht im Adressverzeichnis'
    end as grund,
    lage.kandidaten,
    juengste.stichtag,
    juengste.lieferung_id
from juengste
inner join {{ ref('int_orte__lage') }} as lage on juengste.zeile_id = lage.zeile_id
where lage.lage_art in ('offen', 'ausserhalb')
    -- Ein Fahrplan reicht immer über die Stadt hinaus.
    and juengste.kategorie <> 'haltestelle'
    and not juengste.vertraulich
