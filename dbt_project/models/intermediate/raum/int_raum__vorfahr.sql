-- Jede Raumeinheit mit sich selbst und allen, in denen sie liegt. Schlüssel gelten nur zusammen mit der Ebene:
-- Block 0101 und Sozialraum 0101 sind zweierlei.
with recursive kette as (
    select
        gebietsstand,
        ebene,
        raumeinheit_id,
        nicht_zuordenbar,
        ebene as vorfahr_ebene,
        rang as vorfahr_rang,
        raumeinheit_id as vorfahr_id,
        nicht_zuordenbar as vorfahr_nicht_zuordenbar,
        uebergeordnet_id as naechster_id
    from {{ ref('int_raum__einheit') }}
    union all
    select
        kette.gebietsstand,
        kette.ebene,
        kette.raumeinheit_id,
        kette.nicht_zuordenbar,
        eltern.ebene,
        eltern.rang,
        eltern.raumeinheit_id,
        eltern.nicht_zuordenbar,
        eltern.uebergeordnet_id
    from kette
    inner join {{ ref('int_raum__einheit') }} as eltern
        on kette.gebietsstand = eltern.gebietsstand
        and kette.vorfahr_rang = eltern.rang + 1
        and kette.naechster_id = eltern.raumeinheit_id
),

vorfahren as (
    select
        gebietsstand,
        ebene,
        raumeinheit_id,
        nicht_zuordenbar,
        vorfahr_ebene,
        vorfahr_rang,
        vorfahr_id,
        vorfahr_nicht_zuordenbar
    from kette
)

select * from vorfahren
