using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Cli.Action;

/// <summary>An action as text for a terminal. Whatever came from outside is shown without control characters.</summary>
internal static class ActionText
{
    /// <summary>Quotes and letters are shown as they are; control characters stay escaped.</summary>
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Line(JsonElement action) => string.Join(
        "  ",
        action.GetProperty("id").GetString(),
        action.GetProperty("state").GetString()!.PadRight(10),
        action.GetProperty("created_at").GetDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'"),
        Show(action.GetProperty("agent").GetProperty("id")),
        $"{Show(action.GetProperty("operation"))} on {Show(action.GetProperty("target"))} " +
        $"({Show(action.GetProperty("environment"))})");

    public static string Page(JsonElement action)
    {
        var text = new StringBuilder();
        text.AppendLine($"[{Show(action.GetProperty("environment"))}] {HeadlineOf(action)}");
        text.AppendLine($"{action.GetProperty("id").GetString()}  revision {action.GetProperty("revision")}  " +
            $"{action.GetProperty("state").GetString()}");
        ActionEffects.Append(text, action);
        AppendExact(text, action);
        AppendFindings(text, action);
        AppendWho(text, action);
        AppendRules(text, action);
        AppendReview(text, action);
        AppendEnd(text, action);
        return text.ToString().TrimEnd();
    }

    private static string HeadlineOf(JsonElement action) => Words.Headline(Card.HeadlineOf(
        Enum.Parse<GateKind>(action.GetProperty("gate").GetString()!, ignoreCase: true),
        action.GetProperty("operation").GetString()!,
        action.GetProperty("target").GetString()!));

    private static void AppendExact(StringBuilder text, JsonElement action)
    {
        text.AppendLine().AppendLine("Exactly this:");
        // The headline may be cut; for some gates nothing else says what is at the operation's end.
        var operation = Show(action.GetProperty("operation"));
        if (!HeadlineOf(action).Contains(operation, StringComparison.Ordinal))
        {
            text.AppendLine("  " + operation);
        }

        text.Append("  ").AppendLine(
            LaidOut(action.GetProperty("arguments")).Replace("\n", "\n  ", StringComparison.Ordinal));
        text.AppendLine($"  {action.GetProperty("digest").GetString()}");
        if (RedactionReport.Read(action, "hidden") is { Counts.IsEmpty: false } hidden)
        {
            text.AppendLine($"  Hidden here: {hidden}. The digest is of the real values; the console reveals them.");
        }
    }

    private static string LaidOut(JsonElement json) =>
        PlainLayout.TryMake(JsonMarshal.GetRawUtf8Value(json), longest: int.MaxValue, out var plain)
            && plain.WidestIndent <= DisplayText.MaxBlanks
            ? plain.Whole()
            : DisplayText.Lines(JsonSerializer.Serialize(json, Indented)).Text;

    /// <summary>The same sentences as on the console's page: what the reader's eyes may get wrong.</summary>
    private static void AppendFindings(StringBuilder text, JsonElement action)
    {
        var claimed = action.GetProperty("claimed").GetProperty("reason");
        var arguments = JsonMarshal.GetRawUtf8Value(action.GetProperty("arguments"));
        string[] findings =
        [
            // An older server does not say them.
            .. action.TryGetProperty("facts", out var facts) ? FindingLines.OfFacts(facts) : [],
            .. FindingLines.InText("The operation's letters", FlagsOf(action.GetProperty("operation"))),
            .. FindingLines.InText("The arguments", FindingLines.FlagsOf(arguments)),
            .. FindingLines.InText("What the agent says", FlagsOf(claimed)),
            .. ReciprocalIn(action.GetProperty("review")),
        ];
        if (findings.Length > 0)
        {
            text.AppendLine().AppendLine("Look closely:");
        }

        foreach (var finding in findings)
        {
            text.AppendLine("  " + finding);
        }
    }

    /// <summary>An older server says nothing of it.</summary>
    private static IEnumerable<string> ReciprocalIn(JsonElement review) =>
        review.ValueKind == JsonValueKind.Object && review.TryGetProperty("reciprocal", out var pairs)
            ? pairs.EnumerateArray().Select(pair =>
                $"An approval by {Show(pair.GetProperty("person"))} would return one: {Show(pair.GetProperty("by"))}, "
                + $"who stands behind this, approved a request of theirs ({Show(pair.GetProperty("action"))}).")
            : [];

    private static DisplayFlags FlagsOf(JsonElement text) =>
        text.ValueKind == JsonValueKind.String ? DisplayText.Lines(text.GetString()).Flags : DisplayFlags.None;

    private static void AppendWho(StringBuilder text, JsonElement action)
    {
        var agent = action.GetProperty("agent");
        var owner = Show(agent.GetProperty("owner"));
        text.AppendLine().Append($"Asked by {Show(agent.GetProperty("id"))}");
        text.Append(owner.Length > 0 ? $", owned by {owner}" : "");
        text.AppendLine(agent.GetProperty("on_behalf_of").ValueKind == JsonValueKind.String
            ? $", on behalf of {Show(agent.GetProperty("on_behalf_of"))}"
            : "");
        if (action.GetProperty("claimed").GetProperty("reason") is { ValueKind: JsonValueKind.String } reason)
        {
            text.AppendLine($"The agent says (nobody checked it): {Show(reason)}");
        }
    }

    private static void AppendRules(StringBuilder text, JsonElement action)
    {
        var verdict = action.GetProperty("verdict");
        text.AppendLine().AppendLine($"Policy says {verdict.GetProperty("outcome").GetString()}:");
        foreach (var rule in verdict.GetProperty("rules").EnumerateArray())
        {
            text.AppendLine($"  {Show(rule.GetProperty("id"))}: {Show(rule.GetProperty("reason"))}");
        }

        // An older server does not say it.
        if (action.TryGetProperty("why", out var why))
        {
            text.AppendLine().AppendLine("Why:");
            foreach (var line in why.EnumerateArray())
            {
                text.AppendLine("  " + Show(line));
            }
        }
    }

    private static void AppendReview(StringBuilder text, JsonElement action)
    {
        if (action.GetProperty("review") is not { ValueKind: JsonValueKind.Object } review)
        {
            return;
        }

        text.AppendLine();
        foreach (var stage in review.GetProperty("tracks").EnumerateArray()
            .SelectMany(track => track.GetProperty("stages").EnumerateArray()))
        {
            text.Append(
                $"{stage.GetProperty("have")} of {stage.GetProperty("need")} from {Show(stage.GetProperty("of"))}");
            text.AppendLine(stage.TryGetProperty("expires_at", out var until) && until.ValueKind == JsonValueKind.String
                ? $", until {until.GetDateTimeOffset():yyyy-MM-dd HH:mm:ss'Z'}"
                : "");
        }

        foreach (var vote in review.GetProperty("votes").EnumerateArray())
        {
            text.AppendLine(
                $"  {Show(vote.GetProperty("person"))}: {vote.GetProperty("decision").GetString()} " +
                $"({vote.GetProperty("assurance").GetString()}) {Show(vote.GetProperty("comment"))}");
        }

        if (review.GetProperty("why_not") is { ValueKind: JsonValueKind.String } whyNot)
        {
            text.AppendLine(Show(whyNot));
        }
    }

    private static void AppendEnd(StringBuilder text, JsonElement action)
    {
        if (action.GetProperty("explanation") is { ValueKind: JsonValueKind.String } explanation)
        {
            text.AppendLine(Show(explanation));
        }

        if (action.GetProperty("outcome") is { ValueKind: JsonValueKind.Object } outcome)
        {
            var source = outcome.TryGetProperty("self_reported", out _)
                ? ", as the agent itself says (nobody checked it)"
                : "";
            text.AppendLine().AppendLine(
                $"Outcome: {outcome.GetProperty("state").GetString()} after {outcome.GetProperty("duration_ms")} ms"
                + source);
            if (outcome.TryGetProperty("error", out var error))
            {
                text.AppendLine("  " + Show(error));
            }

            if (outcome.TryGetProperty("result", out var result))
            {
                text.AppendLine("  " + DisplayText.OneLine(result.GetRawText()).Text);
            }
        }

        var ledger = action.GetProperty("ledger");
        text.AppendLine(
            $"Latest ledger entry {ledger.GetProperty("index")}, under a signed tree of {ledger.GetProperty("size")}");
    }

    public static string Show(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? DisplayText.OneLine(value.GetString()).Text : "";
}
