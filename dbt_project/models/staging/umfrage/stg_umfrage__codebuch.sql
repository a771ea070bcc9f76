-- Variablen einer Mehrfachfrage heißen nach ihr: Q5[SQ002] oder q5_2 gehören zu q5.
select
    lieferung_id,
    frage,
    lower(regexp_replace(frage, '(\[SQ[0-9]+\]|_[0-9]+)$', '')) as frage_id,
    regexp_matches(frage, '(\[SQ[0-9]+\]|_[0-9]+)$') as mehrfach,
    fragetext,
    code,
    bedeutung,
    fehlend = 'ja' as fehlend
from {{ roh('umfrage_codebuch') }}
