using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Reads the two payloads that matter, <c>block_actions</c> and <c>view_submission</c>. Members we do not use are not
/// looked at; those we use have to be what the documentation says.
/// </summary>
internal static class SlackPayload
{
    private const int MaxValue = 3000;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The JSON of a form with exactly one field <c>payload</c>; <c>null</c> when it is none.</summary>
    public static string? OfForm(ReadOnlySpan<byte> body)
    {
        try
        {
            var form = QueryHelpers.ParseNullableQuery(Encoding.UTF8.GetString(body));
            return form is not null && form.TryGetValue("payload", out var payload) && payload.Count == 1
                ? payload[0]
                : null;
        }
        catch (Exception malformed) when (malformed is InvalidDataException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary><c>null</c> when it is no interaction that could be understood.</summary>
    /// <param name="payload">The JSON.</param>
    /// <param name="trusts">Whether an address may be answered to.</param>
    public static SlackInteraction? Read(string payload, Predicate<Uri> trusts)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? null
                : Text(root, "type") switch
                {
                    "block_actions" => ReadPressed(root, trusts),
                    "view_submission" => ReadSubmitted(root),
                    null => null,
                    _ => new SlackInteraction.Other(),
                };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static SlackInteraction.Pressed? ReadPressed(JsonElement root, Predicate<Uri> trusts)
    {
        if (ActorOf(root) is not { } actor
            || !root.TryGetProperty("actions", out var actions)
            || actions.ValueKind != JsonValueKind.Array
            || actions.GetArrayLength() != 1
            || Text(actions[0], "action_id") is not { } verb)
        {
            return null;
        }

        var value = Text(actions[0], "value") ?? "";
        return value.Length > MaxValue
            ? null
            : new SlackInteraction.Pressed(
                actor,
                verb,
                value,
                Text(root, "trigger_id"),
                Text(Member(root, "channel"), "id") ?? Text(Member(root, "container"), "channel_id"),
                Uri.TryCreate(Text(root, "response_url"), UriKind.Absolute, out var reply) && trusts(reply)
                    ? reply
                    : null);
    }

    private static SlackInteraction.Submitted? ReadSubmitted(JsonElement root)
    {
        var view = Member(root, "view");
        if (ActorOf(root) is not { } actor || Text(view, "callback_id") is not { } callback)
        {
            return null;
        }

        var inputs = ImmutableDictionary.CreateBuilder<string, string>();
        if (Member(Member(view, "state"), "values") is { ValueKind: JsonValueKind.Object } blocks)
        {
            foreach (var block in blocks.EnumerateObject())
            {
                foreach (var element in block.Value.EnumerateObject())
                {
                    inputs[block.Name] = Text(element.Value, "value") ?? "";
                }
            }
        }

        return new SlackInteraction.Submitted(
            actor, callback, Text(view, "private_metadata") ?? "", inputs.ToImmutable());
    }

    private static SlackActor? ActorOf(JsonElement root)
    {
        var (user, team, enterprise) = (Member(root, "user"), Member(root, "team"), Member(root, "enterprise"));
        return Text(user, "id") is { } id
            ? new SlackActor(
                id,
                Text(team, "id") ?? Text(user, "team_id"),
                Text(enterprise, "id") ?? Text(team, "enterprise_id"),
                Text(user, "team_id"))
            : null;
    }

    private static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var member)
            ? member
            : null;

    private static string? Text(JsonElement? parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } member && member.GetString() is { Length: > 0 } text
            ? text
            : null;
}
