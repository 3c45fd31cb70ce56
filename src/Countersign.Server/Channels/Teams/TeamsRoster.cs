using System.Collections.Concurrent;
using System.Text.Json;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// What Teams says of the members of a conversation; asked again after a short while, and never guessed: without an
/// answer nobody counts.
/// </summary>
internal sealed class TeamsRoster(TeamsOptions options, TeamsConnector connector, TimeProvider time)
{
    /// <summary>How long an answer holds: somebody who left is out after this time at the latest.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    /// <summary>How long the bot's own id of a user holds, which decides nothing.</summary>
    private static readonly TimeSpan IdFreshness = TimeSpan.FromHours(1);

    /// <summary>Answers that are kept; beyond it all are asked again.</summary>
    private const int MaxKept = 10_000;

    /// <summary>How Entra writes the name of somebody whose account is another tenant's.</summary>
    private const string Foreign = "#EXT#";

    private readonly ConcurrentDictionary<string, (DateTimeOffset Until, string? WhyNot)> _known = new();
    private readonly ConcurrentDictionary<Guid, (DateTimeOffset Until, string? Id)> _ids = new();

    /// <summary>Why whoever sent an activity may not decide anything; <c>null</c> when they may.</summary>
    /// <exception cref="TeamsException">Teams did not say.</exception>
    public async Task<string?> WhyNotAsync(TeamsActivity activity, CancellationToken cancellationToken)
    {
        if (activity is not { From: { } from, Conversation: { } conversation, EntraObject: { } user })
        {
            return "Teams did not say who this is, or where.";
        }

        var place = PlaceOf(conversation);
        var (key, now) = ($"{place} {from} {user}", time.GetUtcNow());
        if (_known.TryGetValue(key, out var known) && now < known.Until)
        {
            return known.WhyNot;
        }

        var service = new Uri(activity.ServiceUrl!);
        var whyNot = await connector.FindMemberAsync(service, place, from, cancellationToken) switch
        {
            TeamsReply.Ok found => WhyNot(found.Body, user),
            TeamsReply.Refused { IsClosed: true } => "This Teams account is no member of this conversation.",
            TeamsReply.Refused refused => throw new TeamsException($"Teams refuses to say ({refused.Why})."),
            TeamsReply.Limited => throw new TeamsException("Teams limits questions right now."),
            TeamsReply.Away away => throw new TeamsException(away.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        Keep(_known, key, (now + Freshness, whyNot));
        return whyNot;
    }

    /// <summary>
    /// The bot's own id of an account, as far as the members of the channel tell; <c>null</c> when they do not. It is
    /// where a message goes, and never who somebody is.
    /// </summary>
    public async Task<string?> FindIdAsync(Uri service, Guid user, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_ids.TryGetValue(user, out var known) && now < known.Until)
        {
            return known.Id;
        }

        var id = options.TeamChannel is { } channel
            && await connector.FindMemberAsync(service, channel, user.ToString("D"), cancellationToken)
                is TeamsReply.Ok found
            && IsOf(found.Body, user.ToString("D"))
                ? TeamsActivity.Text(found.Body, "id")
                : null;
        Keep(_ids, user, (now + (id is null ? Freshness : IdFreshness), id));
        return id;
    }

    /// <summary>What an activity told of it, once its token held.</summary>
    public void Learn(TeamsActivity activity)
    {
        if (activity.From is { } id && Guid.TryParseExact(activity.EntraObject, "D", out var user))
        {
            Keep(_ids, user, (time.GetUtcNow() + IdFreshness, id));
        }
    }

    private string? WhyNot(JsonElement member, string user) => 0 switch
    {
        _ when !IsOf(member, user) => "Teams says that this account is somebody else's.",
        _ when !Guid.TryParseExact(TeamsActivity.Text(member, "tenantId"), "D", out var home)
            || home != options.Tenant => "This Teams account belongs to another organisation.",
        _ when TeamsActivity.Text(member, "userRole") is { } role
            && !role.Equals("user", StringComparison.OrdinalIgnoreCase) => "Guests decide nothing.",
        _ when TeamsActivity.Text(member, "userPrincipalName")
            ?.Contains(Foreign, StringComparison.OrdinalIgnoreCase) == true => "Guests decide nothing.",
        _ => null,
    };

    /// <summary>Single members name the object id in one way, and lists in another.</summary>
    private static bool IsOf(JsonElement member, string user) =>
        string.Equals(
            TeamsActivity.Text(member, "aadObjectId") ?? TeamsActivity.Text(member, "objectId"),
            user,
            StringComparison.OrdinalIgnoreCase);

    /// <summary>Members belong to a channel, whichever of its threads this is.</summary>
    private static string PlaceOf(string conversation) => conversation.Split(";messageid=", 2)[0];

    private static void Keep<TKey, TValue>(ConcurrentDictionary<TKey, TValue> known, TKey key, TValue value)
        where TKey : notnull
    {
        if (known.Count >= MaxKept)
        {
            known.Clear();
        }

        known[key] = value;
    }
}
