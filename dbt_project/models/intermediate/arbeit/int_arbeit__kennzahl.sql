-- SGB II und Arbeitslosigkeit, wie die Bundesagentur sie je Gebiet liefert; die oberen Ebenen sind mitgeliefert.
{% set bedarfsgemeinschaften = [
    'sgb2_bg',
    'sgb2_bg_single',
    'sgb2_bg_alleinerziehend',
    'sgb2_bg_partner_mit_kindern',
    'sgb2_bg_partner_ohne_kinder',
    'sgb2_bg_sonstige',
    'sgb2_bg_1_person',
    'sgb2_bg_2_personen',
    'sgb2_bg_3_personen',
    'sgb2_bg_4_personen',
    'sgb2_bg_5_und_mehr',
    'sgb2_bg_mit_kindern',
    'sgb2_personen',
    'sgb2_kinder_0_17',
] %}
{% set leistungsberechtigte = [
    'sgb2_lb',
    'sgb2_elb',
    'sgb2_nef',
    'sgb2_lb_maennlich',
    'sgb2_lb_weiblich',
    'sgb2_lb_deutsch',
    'sgb2_lb_nichtdeutsch',
    'sgb2_elb_15_24',
    'sgb2_elb_25_54',
    'sgb2_elb_55_plus',
    'sgb2_nef_0_2',
    'sgb2_nef_3_5',
    'sgb2_nef_6_14',
    'sgb2_nef_15_plus',
    'sgb2_elb_unter_1_jahr',
    'sgb2_elb_1_bis_4_jahre',
    'sgb2_elb_ab_4_jahren',
] %}
{% set arbeitslose = [
    'arbeitslose',
    'arbeitslose_sgb3',
    'arbeitslose_sgb2',
    'arbeitslose_maennlich',
    'arbeitslose_weiblich',
    'arbeitslose_deutsch',
    'arbeitslose_nichtdeutsch',
    'arbeitslose_15_24',
    'arbeitslose_25_54',
    'arbeitslose_55_plus',
    'arbeitslose_langzeit',
] %}

with bedarfsgemeinschaften as (
    {{ kennzahlen_aus_spalten(ref('stg_arbeitsagentur__bedarfsgemeinschaften'), bedarfsgemeinschaften) }}
),

leistungsberechtigte as (
    {{ kennzahlen_aus_spalten(ref('stg_arbeitsagentur__leistungsberechtigte'), leistungsberechtigte) }}
),

arbeitslose as (
    {{ kennzahlen_aus_spalten(ref('stg_arbeitsagentur__arbeitslose'), arbeitslose) }}
)

select * from bedarfsgemeinschaften
union all
select * from leistungsberechtigte
union all
select * from arbeitslose
