-- Zeilen des Registers minus Einwohner sind die Nebenwohnungen: eine genaue Zahl von Personen, die keine Regel geprüft hat.
-- Die Zeilen nicht veröffentlichter Quellen gehen deshalb gerundet hinaus, auf das Doppelte der größten Mindestzahl.
with stufe as (
    select 2 * max(mindestzahl) as breite
    from {{ ref('int_schutz__regel') }}
),

gerundet as (
    select
        zielgruppen.zielgruppe,
        quellenstand.* replace (
            {% for spalte in ['zeilen', 'zeilen_quarantaene'] %}
            case
                when quellenstand.veroeffentlicht then quellenstand.{{ spalte }}
                else cast(round(quellenstand.{{ spalte }} / stufe.breite) * stufe.breite as bigint)
            end as {{ spalte }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from {{ ref('fct_quellenstand') }} as quellenstand
    cross join stufe
    cross join {{ zielgruppen() }}
)

select * from gerundet
