-- Netzwerke je Sozialraum gezählt; was stadtweit tätig ist, steht im Mitglied "nicht zuordenbar".
{% set arten = {'vereine': 'Verein', 'nachbarschaftshilfen': 'Nachbarschaftshilfe', 'selbsthilfegruppen': 'Selbsthilfegruppe', 'freiwilligengruppen': 'Freiwilligengruppe'} %}
{% set summen = {'netzwerk_mitglieder': 'mitglieder', 'engagierte': 'engagierte', 'kooperationen': 'kooperationen'} %}

with gezaehlt as (
    {% for kennzahl, art in arten.items() %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ kennzahl }}' as kennzahl_id, cast(count(*) filter (where art = '{{ art }}') as double) as wert
    from {{ ref('stg_netzwerke__angebot') }}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
    {% for kennzahl, spalte in summen.items() %}
    union all
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ kennzahl }}', case when count(*) = count({{ spalte }}) then sum({{ spalte }}) end
    from {{ ref('stg_netzwerke__angebot') }}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
),

kennzahlen as (
    select *, case when wert is null then 'nicht_geliefert' else 'wert' end as status_id
    from gezaehlt
)

select * from kennzahlen
