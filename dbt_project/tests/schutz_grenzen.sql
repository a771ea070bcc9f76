-- Der Beweis der groben Regel braucht: Altersgrenzen anderer Familien sind auch Grenzen der Familie alter, spätestens auf
-- derselben Stufe. Sonst ließe sich aus zwei Familien eine Gruppe bilden, die in keiner geprüft ist.
with grenze as (
    select schutzfamilie, schutzstufe, kennzahl_id, alter_von as jahr from {{ ref('kennzahlen') }} where alter_von > 0
    union all
    select schutzfamilie, schutzstufe, kennzahl_id, alter_bis + 1 from {{ ref('kennzahlen') }} where alter_bis is not null
)

select kennzahl_id, jahr as befund
from grenze
where schutzfamilie <> 'alter'
    and jahr not in (
        select altersgrenze.jahr from grenze as altersgrenze
        where altersgrenze.schutzfamilie = 'alter' and altersgrenze.schutzstufe <= 1
    )
union all
select kennzahl_id, null
from {{ ref('kennzahlen') }}
where thema = 'bevoelkerung' and (schutzfamilie is null or schutzstufe is null)
