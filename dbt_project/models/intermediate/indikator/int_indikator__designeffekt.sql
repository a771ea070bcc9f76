-- Designeffekte, die eine Lieferung hergibt, je Stichtag für die ganze Stadt; wo keiner steht, gilt der des Katalogs.
-- Aus dem Register: Varianz des Anteils, wenn ganze Haushalte gezogen würden, Σ(x − p·b)², durch die von Personen,
-- Σb·p·(1 − p). Aus dem SGB II: Σs²/Σs über die Bedarfsgemeinschaften nach Größe; die offene Klasse zählt mit ihrer
-- mittleren Größe, der Wert ist also eher zu klein.
{% set genug = 100 %}

with haushalt as (
    select stichtag, kennzahl_id, x, b, xx, xb, bb, x / b as p
    from {{ ref('int_haushalt__designeffekt') }}
    where b > 0
),

register as (
    select stichtag, kennzahl_id, (xx - 2 * p * xb + p * p * bb) / (b * p * (1 - p)) as designeffekt
    from haushalt
    where x >= {{ genug }} and p < 1
),

bg as (
    select
        wert.stichtag,
        {% for groesse in ['sgb2_bg_1_person', 'sgb2_bg_2_personen', 'sgb2_bg_3_personen', 'sgb2_bg_4_personen', 'sgb2_bg_5_und_mehr', 'sgb2_personen'] %}
        max(wert.wert) filter (where wert.kennzahl_id = '{{ groesse }}') as {{ groesse }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.rang = 1
    where starts_with(wert.kennzahl_id, 'sgb2_')
    group by wert.stichtag
),

offen as (
    select *, sgb2_personen - sgb2_bg_1_person - 2 * sgb2_bg_2_personen - 3 * sgb2_bg_3_personen - 4 * sgb2_bg_4_personen as personen_ab_5
    from bg
),

sgb2 as (
    select
        stichtag,
        (sgb2_bg_1_person + 4 * sgb2_bg_2_personen + 9 * sgb2_bg_3_personen + 16 * sgb2_bg_4_personen + coalesce(power(personen_ab_5, 2) / nullif(sgb2_bg_5_und_mehr, 0), 0))
        / sgb2_personen as designeffekt
    from offen
    where sgb2_personen >= {{ genug }} and personen_ab_5 >= 5 * sgb2_bg_5_und_mehr
),

gemessen as (
    select stichtag, kennzahl_id, round(designeffekt, 4) as designeffekt
    from register
    union all
    -- Leistungsberechtigte einer Bedarfsgemeinschaft kommen und gehen zusammen, ihre Staatsangehörigkeit meist auch.
    select sgb2.stichtag, kennzahl.kennzahl_id, round(sgb2.designeffekt, 4)
    from sgb2
    cross join (values ('sgb2_lb'), ('sgb2_lb_nichtdeutsch')) as kennzahl (kennzahl_id)
    where sgb2.designeffekt is not null
)

select * from gemessen
