-- Jede Quelle der Stadt, die sie annehmen darf, mit ihrem Rhythmus und dem Tag des Laufs.
select quelle_id, name, rhythmus, jahresstichtag, seit, verzug_tage, heute
from {{ tuer('lieferplan') }}
