-- Das Makro der Zeichen und der Katalog der Status sagen dasselbe.
select zeichen, status_id, {{ status_aus_zeichen('zeichen') }} as laut_makro
from {{ ref('status') }}
where herkunft = 'zeichen' and zeichen <> '0' and status_id <> {{ status_aus_zeichen('zeichen') }}
