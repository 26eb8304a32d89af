-- One row per customer and channel that the company may or may not use for marketing on the as-of day: its state.
-- No row is unknown, and unknown is no. $until: the first instant after that day.
--   mail, SMS, LINE, post, phone, push   purpose marketing, by the channel's own word or the word about `all`
--                                         (profile_consents); an unsubscription that the sending tool reports counts as a withdrawal
--                                         until the same account grants again; one without a channel counts for all
--   ads (lists handed to a platform)     $mode consent_required: purpose third_party, granted for the web or all;
--                                         privacy_policy_basis: everybody since $policy_since; off: nobody. A refusal of
--                                         third_party anywhere, or of marketing on the web or everywhere, always wins
with

channels as (
    select 'email' as channel
    union all
    select 'sms'
    union all
    select 'line'
    union all
    select 'push'
    union all
    select 'post'
    union all
    select 'phone'
    union all
    select 'web'
),

words as (
    select customer_id, channel, purpose, state, changed_at
    from profile_consents
    where changed_at < $until and purpose in ('marketing', 'third_party')
),

granted_at as (
    select source_system, source_customer_id, channel, max(changed_at) as changed_at
    from consents
    where state = 'granted' and purpose = 'marketing' and changed_at < $until
    group by source_system, source_customer_id, channel
),

stops as (
    select
        identity_links.customer_id,
        channels.channel,
        max(campaign_contacts.unsubscribed_at) as changed_at
    from campaign_contacts
    inner join identity_links
        on campaign_contacts.source_system = identity_links.source_system
        and campaign_contacts.source_customer_id = identity_links.source_customer_id
    left join campaigns
        on campaign_contacts.source_system = campaigns.source_system
        and campaign_contacts.campaign_id = campaigns.campaign_id
    inner join channels
        on campaigns.channel = channels.channel
        or campaigns.channel is null
        or campaigns.channel in ('store', 'other', 'all')
    left join granted_at as own
        on campaign_contacts.source_system = own.source_system
        and campaign_contacts.source_customer_id = own.source_customer_id
        and channels.channel = own.channel
    left join granted_at as every_one
        on campaign_contacts.source_system = every_one.source_system
        and campaign_contacts.source_customer_id = every_one.source_customer_id
        and every_one.channel = 'all'
    where
        campaign_contacts.unsubscribed_at < $until
        and (own.changed_at is null or own.changed_at <= campaign_contacts.unsubscribed_at)
        and (every_one.changed_at is null or every_one.changed_at <= campaign_contacts.unsubscribed_at)
    group by identity_links.customer_id, channels.channel
),

asked as (
    select spoken.customer_id, spoken.purpose, channels.channel
    from (select distinct customer_id, purpose from words) as spoken
    cross join channels
),

said as (
    select
        asked.customer_id,
        asked.purpose,
        asked.channel,
        coalesce(own.state, every_one.state) as state,
        coalesce(own.changed_at, every_one.changed_at) as changed_at
    from asked
    left join words as own
        on asked.customer_id = own.customer_id and asked.purpose = own.purpose and asked.channel = own.channel
    left join words as every_one
        on asked.customer_id = every_one.customer_id
        and asked.purpose = every_one.purpose
        and every_one.channel = 'all'
    where coalesce(own.state, every_one.state) is not null
),

marketing as (
    select
        coalesce(said.customer_id, stops.customer_id) as customer_id,
        coalesce(said.channel, stops.channel) as channel,
        case when stops.customer_id is null and said.state = 'granted' then 'granted' else 'withdrawn' end as state,
        case when said.state is null or (said.state = 'granted' and stops.customer_id is not null)
            then stops.changed_at else said.changed_at end as since
    from (select customer_id, channel, state, changed_at from said where purpose = 'marketing') as said
    full join stops on said.customer_id = stops.customer_id and said.channel = stops.channel
),

refusals as (
    select customer_id, max(changed_at) as since
    from (
        select customer_id, changed_at from words where purpose = 'third_party' and state <> 'granted'
        union all
        select customer_id, since from marketing where channel = 'web' and state <> 'granted'
    ) as refused
    group by customer_id
),

permits as (
    select customer_id, changed_at as since, 'consent' as basis
    from said
    where purpose = 'third_party' and channel = 'web' and state = 'granted' and $mode <> 'off'
    union all
    select profile.customer_id, cast($policy_since as timestamp), 'privacy_policy'
    from profile
    left join said
        on profile.customer_id = said.customer_id
        and said.purpose = 'third_party'
        and said.channel = 'web'
        and said.state = 'granted'
    where $mode = 'privacy_policy_basis' and cast($policy_since as timestamp) < $until and said.customer_id is null
),

ads as (
    select
        coalesce(permits.customer_id, refusals.customer_id) as customer_id,
        case when refusals.customer_id is null then 'granted' else 'withdrawn' end as state,
        coalesce(refusals.since, permits.since) as since,
        case when refusals.customer_id is null then permits.basis else 'consent' end as basis
    from permits
    full join refusals on permits.customer_id = refusals.customer_id
    where $mode <> 'off'
),

final as (
    select customer_id, channel, state, since, 'consent' as basis from marketing where channel <> 'web'
    union all
    select customer_id, 'ads', state, since, basis from ads
)

select * from final
