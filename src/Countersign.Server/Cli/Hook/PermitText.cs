using System.Text;
using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>What a model reads of an action that does not let its call run, and a user of one that does.</summary>
internal static class PermitText
{
    private const int MaxInput = 1000;

    public static string Approved(JsonElement action)
    {
        var people = string.Join(", ", Votes(action, "approve").Select(vote => Text(vote, "person")));
        return people.Length == 0 ? $"{Id(action)} is allowed" : $"{Id(action)} approved by {people}";
    }

    public static string Changed(JsonElement action) =>
        $"{Approved(action)} with another input than was asked: {Comments(action)}";

    /// <summary>For agents and events that would not run with exactly this input.</summary>
    public static string CannotChange(JsonElement action, ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        var shown = text.Length > MaxInput ? text[..MaxInput] + "…" : text;
        return $"Not executed: {Changed(action)} This agent cannot exchange the input so; ask with this one: {shown}";
    }

    public static string Pending(string id, string url) =>
        $"PENDING APPROVAL {id}: not executed. Repeat the identical call once it has been approved at {url}";

    /// <summary>Why it ended without a permit.</summary>
    public static string Ended(JsonElement action)
    {
        var id = Id(action);
        return Text(action, "state") switch
        {
            "denied" or "refused" => $"Countersign denied this call ({id}); it was not executed. {Reasons(action)}",
            "expired" => $"Nobody approved {id} in time; it was not executed. Ask again if it is still needed.",
            "withdrawn" => $"{id} was withdrawn; it was not executed. {Text(action, "explanation")}",
            "superseded" => $"The policy changed while {id} waited; it was not executed. Repeat the call.",
            "executing" => $"An identical call uses the permit {id}; this one was not executed. Repeat it later.",
            var state => $"The permit {id} has been used already ({state}); this call was not executed. Repeat it.",
        };
    }

    private static string Reasons(JsonElement action)
    {
        var rules = action.GetProperty("verdict").GetProperty("rules").EnumerateArray()
            .Where(rule => Text(rule, "reason").Length > 0)
            .Select(rule => $"{Text(rule, "id")}: {Text(rule, "reason")}");
        var words = string.Join(' ', rules.Append(Comments(action)).Where(part => part.Length > 0));
        return words.Length > 0 ? words : Text(action, "explanation");
    }

    private static string Comments(JsonElement action) => string.Join(
        ' ',
        Votes(action, decision: null)
            .Where(vote => Text(vote, "comment").Length > 0)
            .Select(vote => $"{Text(vote, "person")} says: {Text(vote, "comment")}"));

    private static IEnumerable<JsonElement> Votes(JsonElement action, string? decision) =>
        action.TryGetProperty("review", out var review) && review.ValueKind == JsonValueKind.Object
            ? review.GetProperty("votes").EnumerateArray()
                .Where(vote => decision is null || Text(vote, "decision") == decision)
            : [];

    private static string Id(JsonElement action) => Text(action, "id");

    private static string Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
