using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>Names what a reader should know before trusting their own eyes.</summary>
internal static class FindingLines
{
    private static readonly ImmutableArray<(DisplayFlags Flag, string Text)> Misleading =
    [
        (DisplayFlags.Bidi, "characters that reverse the reading direction"),
        (DisplayFlags.Invisible, "invisible characters or unusual spaces"),
        (DisplayFlags.Control, "control characters"),
        (DisplayFlags.Unassigned, "characters without a meaning"),
        (DisplayFlags.MixedScript, "a word that mixes letters of look-alike scripts"),
        (DisplayFlags.LookAlike, "a word, digit or sign that only looks like an ordinary one"),
        (DisplayFlags.Stacked, "marks that strike through or pile up over other characters"),
        (DisplayFlags.RightToLeft, "letters that are read from right to left"),
        (DisplayFlags.Repeated, "runs of one character that could push text out of sight"),
    ];

    /// <summary>What is shown as it is, because spelling it out would make it unreadable.</summary>
    private const DisplayFlags Shown = DisplayFlags.MixedScript | DisplayFlags.LookAlike;

    /// <summary>Facts that are worth a sentence when they are true.</summary>
    private static readonly ImmutableDictionary<string, string> Telling = ImmutableDictionary.CreateRange(
    [
        KeyValuePair.Create("opaque", "The gate cannot see what a part of this does: read it as able to do anything."),
        KeyValuePair.Create("no_where", "A statement changes or deletes rows without a WHERE clause."),
        KeyValuePair.Create("touches_masked", "It touches columns that are masked for agents."),
        KeyValuePair.Create("in_transaction", "It waits in an open transaction, whose locks stay while people decide."),
        KeyValuePair.Create("deferred_code", "It leaves code behind that runs later, when nobody reviews it."),
    ]);

    public static ImmutableArray<string> Of(ActionRecord record) =>
    [
        .. record.Facts.Members.Where(IsTrue).Select(fact => Telling.GetValueOrDefault(fact.Key)).OfType<string>(),
        .. InText("The operation's letters", DisplayText.OneLine(record.Action.Operation).Flags),
        .. InText("The arguments", FlagsOf(record.Action.Arguments.Bytes.Span)),
        .. InText("What the agent says", Said(record.Claimed).Flags),
    ];

    /// <summary>The sentences for facts as the API shows them: <c>{"sql": {"no_where": true, …}}</c>.</summary>
    public static IEnumerable<string> OfFacts(JsonElement facts) => facts.EnumerateObject()
        .Where(variable => variable.Value.ValueKind == JsonValueKind.Object)
        .SelectMany(variable => variable.Value.EnumerateObject())
        .Where(fact => fact.Value.ValueKind == JsonValueKind.True)
        .Select(fact => Telling.GetValueOrDefault(fact.Name)).OfType<string>();

    /// <summary>The facts of the gate as rows; policy has read exactly these.</summary>
    public static ImmutableArray<LabelledText> FactsOf(Card card) =>
        [.. card.Facts.Members.Select(fact => new LabelledText(
            $"{card.Facts.Variable}.{Words.OneLine(fact.Key)}", Words.OneLine(ValueOf(fact.Value))))];

    private static bool IsTrue(KeyValuePair<string, object> fact) => fact.Value is true;

    private static DisplayText Said(Claimed claimed) => DisplayText.Lines($"{claimed.Reason}\n{claimed.Session}");

    /// <summary>What the names and texts of a JSON document hold, whichever way the document spells them.</summary>
    public static DisplayFlags FlagsOf(ReadOnlySpan<byte> json)
    {
        if (DisplayText.IsPlain(json))
        {
            return DisplayFlags.None;
        }

        var flags = DisplayFlags.None;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = PayloadWriter.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
            {
                flags |= DisplayText.Lines(reader.GetString()).Flags;
            }
        }

        return flags;
    }

    /// <summary>A sentence for each kind of trap in a text.</summary>
    public static IEnumerable<string> InText(string where, DisplayFlags flags) =>
        Misleading.Where(kind => flags.HasFlag(kind.Flag))
            .Select(kind => $"{where} hold {kind.Text}; {RemarkOn(kind.Flag)}.");

    private static string RemarkOn(DisplayFlags flag) => flag switch
    {
        DisplayFlags.RightToLeft =>
            "they are shown as they are, and may change the order in which their neighbours are shown",
        _ when (flag & Shown) != 0 => "compare letter by letter",
        _ => @"they are spelled \u{…} here",
    };

    private static string ValueOf(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        ImmutableArray<string> texts => string.Join(", ", texts),
        JsonElement json => json.GetRawText(),
        _ => value.ToString() ?? "",
    };
}
