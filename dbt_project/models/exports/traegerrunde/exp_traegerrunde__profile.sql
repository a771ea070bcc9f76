with profile as (
    {{ export_indikatoren('traeger', 'true') }}
)

select *
from profile
qualify jahr > max(jahr) over () - 5
