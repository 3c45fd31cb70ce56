using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// One activity as the connector sends it (Bot Framework Activity schema). Members we do not use are not looked at;
/// nothing of it is an authority, because the token says who sent it and not what is in it.
/// </summary>
internal sealed record TeamsActivity
{
    private const int MaxId = 512;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public required string Type { get; init; }

    /// <summary>Which operation an <c>invoke</c> asks for.</summary>
    public string? Name { get; init; }

    public string? ChannelId { get; init; }

    public string? ServiceUrl { get; init; }

    /// <summary>Where it happened.</summary>
    public string? Conversation { get; init; }

    public bool IsPersonal { get; init; }

    public string? ConversationTenant { get; init; }

    public string? ChannelTenant { get; init; }

    /// <summary>The bot's own id of the user.</summary>
    public string? From { get; init; }

    /// <summary>The user's object id in Entra.</summary>
    public string? EntraObject { get; init; }

    /// <summary>What was pressed on a card; <c>null</c> for everything that is no card's.</summary>
    public TeamsPress? Press { get; init; }

    /// <summary><c>null</c> when it is no activity that could be understood.</summary>
    public static TeamsActivity? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return Text(document.RootElement, "type") is { } type ? Read(document.RootElement, type) : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static TeamsActivity Read(JsonElement root, string type)
    {
        var (conversation, from) = (Member(root, "conversation"), Member(root, "from"));
        return new TeamsActivity
        {
            Type = type,
            Name = Text(root, "name"),
            ChannelId = Text(root, "channelId"),
            ServiceUrl = Text(root, "serviceUrl"),
            Conversation = Text(conversation, "id"),
            IsPersonal = Text(conversation, "conversationType") == "personal",
            ConversationTenant = Text(conversation, "tenantId"),
            ChannelTenant = Text(Member(Member(root, "channelData"), "tenant"), "id"),
            From = Text(from, "id"),
            EntraObject = Text(from, "aadObjectId"),
            Press = TeamsPress.Read(Member(Member(root, "value"), "action")),
        };
    }

    internal static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var member)
            ? member
            : null;

    /// <summary>A text that is not empty and no longer than an id or address is.</summary>
    internal static string? Text(JsonElement? parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } member
        && member.GetString() is { Length: > 0 and <= MaxId } text
            ? text
            : null;
}

/// <summary>What a person pressed on a card (<c>Action.Execute</c>), with what they typed.</summary>
/// <param name="Verb">The action's.</param>
/// <param name="Inputs">What the action carried and what stood in inputs; Teams hands both over as one.</param>
internal sealed record TeamsPress(string Verb, ImmutableDictionary<string, string> Inputs)
{
    private const int MaxMembers = 32;

    /// <summary>The card's reference.</summary>
    public CardReference? Shown => CardReference.Read(Find(TeamsActions.Card));

    public string? Find(string name) => Inputs.GetValueOrDefault(name);

    /// <summary>What was typed, without blanks around; <c>null</c> when nothing was.</summary>
    public string? FindTyped(string name) => Find(name)?.Trim() is { Length: > 0 } typed ? typed : null;

    public static TeamsPress? Read(JsonElement? action)
    {
        if (TeamsActivity.Text(action, "verb") is not { } verb)
        {
            return null;
        }

        var inputs = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (TeamsActivity.Member(action, "data") is { ValueKind: JsonValueKind.Object } values)
        {
            foreach (var value in values.EnumerateObject().Take(MaxMembers))
            {
                if (value.Value.ValueKind == JsonValueKind.String)
                {
                    inputs[value.Name] = value.Value.GetString()!;
                }
            }
        }

        return new TeamsPress(verb, inputs.ToImmutable());
    }
}
