{{ config(meta={'eingefroren': true}) }}
-- Sterbefälle je Lieferung, Block und Alter; bleibt, wenn die Ereignisse gelöscht sind.
with sterbefall as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        coalesce(von_block_id, 'nz_block') as raumeinheit_id,
        alter_jahre,
        count(*) as sterbefaelle
    from {{ ref('stg_melderegister_bewegung__ereignis') }}
    where ereignis = 'STE'
    group by all
)

select * from sterbefall
{{ eingefrorene_zeilen() }}
