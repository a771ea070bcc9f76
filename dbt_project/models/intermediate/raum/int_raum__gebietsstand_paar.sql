-- In welchen Gebietsständen sich die Zahlen einer Ebene ausdrücken lassen: im eigenen immer; in einem anderen nur,
-- wenn sie auf Blöcken stehen und beide Gebietsstände dieselben Blöcke haben.
with vorhanden as (
    select gebietsstand, ebene, count(*) as mitglieder
    from {{ ref('int_raum__einheit') }}
    group by gebietsstand, ebene
),

gemeinsam as (
    select
        von.gebietsstand as von_gebietsstand,
        nach.gebietsstand as nach_gebietsstand,
        von.ebene,
        count(*) as mitglieder
    from {{ ref('int_raum__einheit') }} as von
    inner join {{ ref('int_raum__einheit') }} as nach
        on von.ebene = nach.ebene
        and von.raumeinheit_id = nach.raumeinheit_id
    where von.ebene = 'block'
    group by von.gebietsstand, nach.gebietsstand, von.ebene
),

paare as (
    select gebietsstand as von_gebietsstand, gebietsstand as nach_gebietsstand, ebene
    from vorhanden
    union
    select gemeinsam.von_gebietsstand, gemeinsam.nach_gebietsstand, gemeinsam.ebene
    from gemeinsam
    inner join vorhanden as von
        on gemeinsam.von_gebietsstand = von.gebietsstand
        and gemeinsam.ebene = von.ebene
        and gemeinsam.mitglieder = von.mitglieder
    inner join vorhanden as nach
        on gemeinsam.nach_gebietsstand = nach.gebietsstand
        and gemeinsam.ebene = nach.ebene
        and gemeinsam.mitglieder = nach.mitglieder
)

select * from paare
