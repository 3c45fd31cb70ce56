using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>
/// What people changed of a request, and what they may edit; read back from the form by the same rules.
/// </summary>
internal static class RevisionComposer
{
    private static readonly JsonSerializerOptions s_escaped = new() { WriteIndented = true, MaxDepth = 1024 };

    private static readonly JsonSerializerOptions s_readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 1024,
    };

    /// <summary>Every change with the arguments before and after it.</summary>
    public static ImmutableArray<ChangeView> ChangesOf(ActionRecord record, People people)
    {
        var after = record.Changes.Skip(1).Select(change => change.Before).Append(record.Action.Arguments);
        return
        [
            .. record.Changes.Zip(after, (change, next) => new ChangeView(
                Words.Of(change.By, people),
                change.At,
                change.Comment is { Length: > 0 } comment ? DisplayText.Lines(comment).Text : null,
                LineDiff.Of(Shown(change.Before), Shown(next)))),
        ];
    }

    /// <summary>The page on which somebody changes a request.</summary>
    /// <param name="shown">What stands, as the reader sees it.</param>
    /// <param name="typed">What they typed.</param>
    public static RevisionView PageOf(ShownAction shown, ReviseView typed)
    {
        var card = Card.Of(shown.Record);
        return new RevisionView
        {
            Id = shown.Record.Id.Value,
            Environment = Words.OneLine(card.Environment),
            Headline = Words.Headline(card.Headline),
            Digest = card.Digest.Value,
            Typed = typed,
        };
    }

    /// <summary>What a change would come to, beside what stands.</summary>
    /// <param name="old">What stands, as the reader sees it.</param>
    /// <param name="shown">The action as it would be, as they see it.</param>
    /// <param name="foreseen">The same as it is; its traps are said, and none of its words.</param>
    /// <param name="comment">Why it is changed.</param>
    public static ComparedView ComparedOf(
        ShownAction old, ShownAction shown, RevisionAnswer.Foreseen foreseen, string? comment)
    {
        var (next, real) = (shown.Record, foreseen.Revised);
        return new ComparedView
        {
            Digest = real.Action.Digest.Value,
            ShortDigest = Card.Of(next).ShortDigest,
            Lines = LineDiff.Of(Shown(old.Record.Action.Arguments), Shown(next.Action.Arguments)),
            Hidden = shown.Sentence,
            Comment = comment is { Length: > 0 } ? DisplayText.Lines(comment).Text : null,
            Effects = EffectLines.Of(next, isFirst: null),
            // Said without the words they are about, and so of what is hidden as well.
            Findings = FindingLines.Of(real),
            Rules = [.. next.Verdict.Rules.Select(rule =>
                new LabelledText(rule.Id.Value, Words.OneLine(rule.Reason)))],
            Why = foreseen.WouldPass
                ? ["The policy would let it pass in this form. Whoever was asked is asked all the same."]
                : [.. Explanation.Verdict(next.Verdict).Skip(1).Select(Words.OneLine)],
        };
    }

    /// <summary>What of a request is edited: a statement as text, everything else as JSON.</summary>
    public static ReviseView EditableOf(ActionRecord record)
    {
        var arguments = record.Action.Arguments;
        return record.Gate == GateKind.Postgres
            && arguments.TryGetMember("text", out var text)
            && JsonSerializer.Deserialize<string>(text.Bytes.Span) is { } statement
            && IsPlain(statement)
            ? new ReviseView(
                statement, arguments.TryGetMember("parameters", out var parameters) ? Indented(parameters) : "[]")
            : new ReviseView(Statement: null, Indented(arguments));
    }

    /// <summary>The arguments that a form asks for; without them, what is wrong with it.</summary>
    public static (CanonicalJson? Arguments, string? WhyNot) Read(ActionRecord record, string? statement, string json)
    {
        if (!CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(json), JsonLimits.Default, out var edited, out var refusal))
        {
            return (null, $"This is not JSON that can be taken: {refusal.Message}");
        }

        if (record.Gate != GateKind.Postgres || statement is null)
        {
            return (edited, null);
        }

        if (string.IsNullOrWhiteSpace(statement))
        {
            return (null, "The statement is empty.");
        }

        var arguments = new CanonicalObject().Add("text", statement).Add("parameters", edited);
        if (record.Action.Arguments.TryGetMember("types", out var types) && IsAsLong(edited, types))
        {
            arguments.Add("types", types);
        }

        return (arguments.ToCanonicalJson(), null);
    }

    /// <summary>With more or fewer parameters the database has to find their types anew.</summary>
    private static bool IsAsLong(CanonicalJson one, CanonicalJson other)
    {
        using var first = JsonDocument.Parse(one.Bytes);
        using var second = JsonDocument.Parse(other.Bytes);
        return first.RootElement.ValueKind == JsonValueKind.Array
            && first.RootElement.GetArrayLength() == second.RootElement.GetArrayLength();
    }

    /// <summary>Arguments as they are compared: laid out, with what misleads spelled out.</summary>
    public static string Shown(CanonicalJson json) => DisplayText.Lines(Indented(json)).Text;

    /// <summary>What could mislead its reader is escaped, as JSON allows, and read back as it was.</summary>
    private static string Indented(CanonicalJson json)
    {
        using var document = JsonDocument.Parse(json.Bytes, new JsonDocumentOptions { MaxDepth = 1024 });
        var readable = JsonSerializer.Serialize(document.RootElement, s_readable).ReplaceLineEndings("\n");
        return IsPlain(readable)
            ? readable
            : JsonSerializer.Serialize(document.RootElement, s_escaped).ReplaceLineEndings("\n");
    }

    /// <summary>A field cannot show what the rest of the page spells out.</summary>
    private static bool IsPlain(string text) => DisplayText.Lines(text).Text == text;
}
