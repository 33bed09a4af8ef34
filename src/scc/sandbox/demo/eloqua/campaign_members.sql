SELECT
    'CM' || lpad((r + 1)::VARCHAR, 12, '0') AS "externalId",
    mailbox.email AS "Email_Address",
    campaign_id_as_kept(membership.k, r) AS "CRM_Campaign_Id",
    member_status(r, campaign."Type") AS "Member_Status",
    CASE WHEN has_responded(r) THEN mailbox.updated::DATE::TIMESTAMP END AS "Responded_At",
    CASE state WHEN 'filled' THEN campaign."Name" WHEN 'stale' THEN 'DRAFT ' || campaign."Name" ELSE '' END
        AS "Campaign_Name",
    CASE WHEN state IN ('filled', 'stale') THEN coalesce(campaign."Type", '') ELSE '' END AS "Campaign_Type",
    CASE state WHEN 'filled' THEN coalesce(campaign."Status", '') WHEN 'stale' THEN 'Planned' ELSE '' END
        AS "Campaign_Status",
    CASE WHEN state IN ('filled', 'stale') THEN campaign."StartDate"::TIMESTAMP END AS "Campaign_Start_Date",
    CASE state
        WHEN 'filled' THEN campaign."EndDate"::TIMESTAMP
        WHEN 'stale' THEN campaign."EndDate"::TIMESTAMP - INTERVAL 7 DAY
    END AS "Campaign_End_Date",
    CASE WHEN state IN ('filled', 'stale') THEN owner."FirstName" || ' ' || owner."LastName" ELSE '' END
        AS "Campaign_Owner",
    CASE WHEN state IN ('filled', 'stale') THEN coalesce(parent."Name", '') ELSE '' END AS "Parent_Campaign",
    moment_before(400, roll(r, 'record created')) AS "createdAt",
    "createdAt" + to_seconds(
        roll(r, 'record updated') % (1 + date_diff('second', "createdAt", getvariable('as_of')))
    ) AS "updatedAt"
FROM membership
JOIN mailbox USING (i)
LEFT JOIN campaign ON campaign.k = membership.k
LEFT JOIN campaign AS parent ON parent."Id" = campaign."ParentId"
LEFT JOIN user_record AS owner ON owner."Id" = campaign."OwnerId"
ORDER BY r
