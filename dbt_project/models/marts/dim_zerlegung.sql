select zerlegung_id, kennzahl_id, teil_id, vollstaendig
from {{ ref('zerlegungen') }}
