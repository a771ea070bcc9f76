select status_id, zeichen, obs_status, conf_status, bedeutung
from {{ ref('status') }}
