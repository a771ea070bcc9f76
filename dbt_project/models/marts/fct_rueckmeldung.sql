-- Nur Zeilen, in denen jemand etwas eingetragen hat; übernommen wird nichts von selbst, die Liste berichtigt, wer sie führt.
select
    meldung.stichtag,
    meldung.ort_id,
    coalesce(ort.traeger, meldung.traeger) as traeger,
    coalesce(ort.name, meldung.angebot) as angebot,
    concat_ws(
        '; ',
        case when meldung.angebot_gibt_es = 'nein' then 'Angebot gibt es nicht mehr' end,
        'Name: ' || meldung.name_richtig,
        'Anschrift: ' || meldung.anschrift_richtig,
        'Plätze: ' || meldung.plaetze_richtig,
        'Öffnungszeiten: ' || meldung.oeffnungszeiten_richtig,
        'Anmerkung: ' || meldung.anmerkung
    ) as rueckmeldung,
    case when ort.ort_id is null then 'Angebot nicht (mehr) verzeichnet' else 'zu prüfen' end as stand,
    meldung.lieferung_id
from {{ ref('stg_traeger__rueckmeldung') }} as meldung
left join {{ ref('exp_freigabe__dim_ort') }} as ort on meldung.ort_id = ort.ort_id and ort.zielgruppe = 'verwaltung'
where meldung.angebot_gibt_es = 'nein'
    or coalesce(meldung.name_richtig, meldung.anschrift_richtig, cast(meldung.plaetze_richtig as varchar), meldung.oeffnungszeiten_richtig, meldung.anmerkung) is not null
