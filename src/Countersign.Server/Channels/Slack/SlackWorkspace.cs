using System.Collections.Concurrent;
using System.Text.Json;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// What Slack says of where the app is installed, of users and of channels; asked again after a short while, and never
/// guessed: without an answer nobody counts.
/// </summary>
internal sealed class SlackWorkspace(SlackClient client, TimeProvider time)
{
    /// <summary>How long an answer holds: a deactivated user is out after this time at the latest.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    /// <summary>Answers that are kept; beyond it all are asked again.</summary>
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, (DateTimeOffset Until, string? WhyNot)> _known = new();
    private volatile SlackInstallation? _installation;
    private long _installationUntil;

    /// <summary>Where the app is installed; throws when Slack does not say.</summary>
    /// <exception cref="SlackException">Slack is away, or refuses the token.</exception>
    public async Task<SlackInstallation> FindInstallationAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_installation is { } known && now.UtcTicks < Interlocked.Read(ref _installationUntil))
        {
            return known;
        }

        return await AskInstallationAsync(cancellationToken);
    }

    /// <summary>Asks now, whatever is known: whether Slack is there and takes the token.</summary>
    /// <exception cref="SlackException">Slack is away, or refuses the token.</exception>
    public async Task<SlackInstallation> AskInstallationAsync(CancellationToken cancellationToken)
    {
        var body = BodyOf("auth.test", await client.AskAsync("auth.test", cancellationToken));
        var found = new SlackInstallation(
            Text(body, "team_id") ?? throw new SlackException("auth.test named no team."), Text(body, "enterprise_id"));
        _installation = found;
        Interlocked.Exchange(ref _installationUntil, (time.GetUtcNow() + Freshness).UtcTicks);
        return found;
    }

    /// <summary>Why a user may not decide anything here, whoever it is linked to; <c>null</c> when nothing speaks
    /// against it.</summary>
    /// <exception cref="SlackException">Slack did not say.</exception>
    public Task<string?> WhyNotUserAsync(
        string user, SlackInstallation installation, CancellationToken cancellationToken) => AskOnceAsync(
            "users.info",
            "user",
            user,
            body => body.TryGetProperty("user", out var found) ? WhyNotUser(found, user, installation) : null,
            cancellationToken);

    /// <summary>Why a channel is no place for cards; <c>null</c> when it is one.</summary>
    /// <exception cref="SlackException">Slack did not say.</exception>
    public Task<string?> WhyNotChannelAsync(string channel, CancellationToken cancellationToken) => AskOnceAsync(
        "conversations.info",
        "channel",
        channel,
        body => body.TryGetProperty("channel", out var found) ? WhyNotChannel(found) : null,
        cancellationToken);

    private async Task<string?> AskOnceAsync(
        string method,
        string name,
        string id,
        Func<JsonElement, Finding?> read,
        CancellationToken cancellationToken)
    {
        var (key, now) = ($"{method} {id}", time.GetUtcNow());
        if (_known.TryGetValue(key, out var known) && now < known.Until)
        {
            return known.WhyNot;
        }

        var body = BodyOf(method, await client.AskAsync(method, name, id, cancellationToken));
        var finding = read(body) ?? throw new SlackException($"{method} said nothing about {id}.");
        if (_known.Count >= MaxKept)
        {
            _known.Clear();
        }

        _known[key] = (now + Freshness, finding.WhyNot);
        return finding.WhyNot;
    }

    private static Finding? WhyNotUser(JsonElement user, string id, SlackInstallation installation)
    {
        if (user.ValueKind != JsonValueKind.Object || (Text(user, "id") is { } told && told != id))
        {
            return null;
        }

        return new Finding(0 switch
        {
            _ when Is(user, "deleted") => "This Slack account is deactivated.",
            _ when Is(user, "is_bot") || Is(user, "is_app_user") || Is(user, "is_workflow_bot") || id == "USLACKBOT" =>
                "Bots decide nothing.",
            _ when Is(user, "is_restricted") || Is(user, "is_ultra_restricted") => "Guests decide nothing.",
            _ when Is(user, "is_stranger") => "This Slack account belongs to another organisation.",
            _ when !IsAtHome(user, installation) => "This Slack account belongs to another workspace.",
            _ => null,
        });
    }

    /// <summary>Whoever Slack places nowhere is not at home: an answer that lacks this proves nothing.</summary>
    private static bool IsAtHome(JsonElement user, SlackInstallation installation)
    {
        var team = Text(user, "team_id");
        return team == installation.Team
            || (installation.Enterprise is { } enterprise
                && (team == enterprise
                    || (user.TryGetProperty("enterprise_user", out var member)
                        && member.ValueKind == JsonValueKind.Object
                        && Text(member, "enterprise_id") == enterprise)));
    }

    private static Finding? WhyNotChannel(JsonElement channel) => channel.ValueKind != JsonValueKind.Object
        ? null
        : new Finding(0 switch
        {
            _ when Is(channel, "is_ext_shared") || Is(channel, "is_pending_ext_shared") =>
                "The channel is shared with another organisation, whose members would read every card.",
            _ when Is(channel, "is_shared") && !Is(channel, "is_org_shared") =>
                "The channel is shared with another workspace, whose members would read every card.",
            _ when Is(channel, "is_archived") => "The channel is archived.",
            _ => null,
        });

    private static JsonElement BodyOf(string method, SlackReply reply) => reply switch
    {
        SlackReply.Ok ok => ok.Body,
        SlackReply.Refused refused => throw new SlackException($"Slack refuses {method}: {refused.Error}."),
        SlackReply.Limited => throw new SlackException($"Slack limits {method} right now."),
        SlackReply.Away away => throw new SlackException(away.Why),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static bool Is(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>An answer that was understood.</summary>
    private sealed record Finding(string? WhyNot);
}

/// <summary>The team the app is installed in, and its enterprise if it has one.</summary>
internal sealed record SlackInstallation(string Team, string? Enterprise);

/// <summary>Slack did not answer, or refused what we need; the text is for people, and holds no secret.</summary>
internal sealed class SlackException(string message) : ChannelException(message);
