using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Core.Reviews;
using Countersign.Tests.Console;

namespace Countersign.Tests.Reviews;

/// <summary>What a card hides it counts, and never the size, the kind or the digest of it.</summary>
[Trait("Threat", "THR-048"), Trait("CWE", "451")]
[Trait("Threat", "THR-098"), Trait("CWE", "200")]
public sealed partial class CardMaskTests : IAsyncLifetime
{
    private const string Token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    private ConsoleHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ConsoleHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_secret_is_shown_as_kind_length_and_fingerprint_wherever_it_stands()
    {
        var record = await AskAsync(
            $$"""{"to":"ci","env":{"note":"use {{Token}} now"},"{{Token}}":1}""", reason: $"rotate {Token}");

        var shown = Mask().Of(record);

        var text = Everything(shown.Record);
        Assert.DoesNotContain(Token, text, StringComparison.Ordinal);
        Assert.Matches($@"use \[[a-z-]+ {Token.Length} chars #[a-p]{{12}}\] now", text);
        Assert.Equal(record.Action.Digest, shown.Record.Action.Digest);
        Assert.Equal(3, shown.Hidden.Total);
        Assert.StartsWith("3 values are hidden: 3 ", shown.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_values_have_equal_fingerprints_and_another_value_or_another_key_has_another_one()
    {
        var other = Token.Replace('7', '8');
        var record = await AskAsync($$"""{"a":"{{Token}}","b":"{{Token}}","c":"{{other}}"}""");

        var prints = PrintsOf(Mask(), record);
        var foreign = PrintsOf(Mask(key: 1), record);

        Assert.Equal(prints[0], prints[1]);
        Assert.NotEqual(prints[0], prints[2]);
        Assert.Empty(prints.Intersect(foreign));
    }

    [Fact]
    public async Task What_the_target_masks_is_masked_on_its_cards_by_fields_and_by_values()
    {
        Redact(new TargetRedaction(
            RedactionPlan.Create(new RedactionOptions { Kinds = DataKinds.Named("email"), Treatment = Treatment.Drop }),
            FieldRules.Of(new FieldRule.Named("iban", Treatment.Drop))));
        var record = await AskAsync("""{"iban":"not one at all","note":"for joe@acme.io","rest":"stays"}""");

        var shown = Mask().Of(record);

        var text = shown.Record.Action.Arguments.ToString();
        Assert.Matches(@"""iban"":""\[field 14 chars #[a-p]{12}\]""", text);
        Assert.Matches(@"for \[email 11 chars #[a-p]{12}\]", text);
        Assert.Contains("\"rest\":\"stays\"", text, StringComparison.Ordinal);
        Assert.Equal("2 values are hidden: 1 email, 1 field.", shown.Sentence);
    }

    [Fact]
    public async Task An_action_without_secrets_is_shown_as_it_is()
    {
        var record = await AskAsync("""{"table":"orders","rows":4111,"to":"joe@acme.io"}""", reason: "tidy");

        var shown = Mask().Of(record);

        Assert.Equal(record.Action.Arguments.ToString(), shown.Record.Action.Arguments.ToString());
        Assert.False(shown.HidesSomething);
        Assert.Empty(shown.Sentence);
    }

    [Fact]
    public async Task Of_a_target_that_left_the_configuration_everything_is_masked()
    {
        var record = await AskAsync("""{"to":"joe@acme.io"}""");
        _host.Charter = _host.Charter with { Targets = _host.Charter.Targets.Clear() };

        Assert.Equal("1 value is hidden: 1 email.", Mask().Of(record).Sentence);
    }

    [Fact]
    public async Task Previews_facts_votes_and_outcomes_are_masked_and_repeat_nothing_in_the_count()
    {
        var record = await AskAsync($$"""{"text":"SET x = '{{Token}}'"}""") with
        {
            Preview = new Preview($"sets {Token}")
            {
                Statement = $"SET x = '{Token}'",
                Parameters = [Token],
                Effects = [Token],
                Locks = [Token],
                Cascades = [new Cascade(Token, 1)],
                Error = Token,
            },
            Facts = Facts.Of("sql", ("one", Token), ("more", ImmutableArray.Create(Token))),
            Outcome = new Outcome(
                OutcomeState.Failed, CanonicalJson.Of(Token).Bytes, $"no {Token}", TimeSpan.Zero),
            Ending = $"because {Token}",
        };
        record = record with
        {
            Life = record.Life with
            {
                Votes =
                [
                    new Vote(new("bob"), Decision.Deny, Assurance.Session, record.CreatedAt, $"not {Token}"),
                ],
            },
        };

        var shown = Mask().Of(record);

        Assert.DoesNotContain(Token, Everything(shown.Record), StringComparison.Ordinal);
        Assert.Equal(3, shown.Hidden.Total);
    }

    [Fact]
    public async Task Arguments_that_hold_a_mask_are_known_from_others()
    {
        var record = await AskAsync($$"""{"a":"{{Token}}"}""");

        Assert.True(CardMask.IsIn(Mask().Of(record).Record.Action.Arguments));
        Assert.False(CardMask.IsIn(record.Action.Arguments));
    }

    private Task<ActionRecord> AskAsync(string arguments, string? reason = null) =>
        _host.AskAsync(new Ask { Arguments = arguments, Reason = reason });

    private CardMask Mask(byte key = 0) =>
        new(() => _host.Charter, new RedactionKey([.. Enumerable.Repeat(key, RedactionKey.Length)]));

    private void Redact(TargetRedaction redaction) => _host.Charter = _host.Charter with
    {
        Targets = _host.Charter.Targets.ToDictionary(
            pair => pair.Key, pair => pair.Value with { Redaction = redaction }).ToImmutableDictionary(),
    };

    private static List<string> PrintsOf(CardMask mask, ActionRecord record) =>
        [.. Print().Matches(mask.Of(record).Record.Action.Arguments.ToString()).Select(match => match.Value)];

    private static string Everything(ActionRecord record) => JsonSerializer.Serialize(new
    {
        record.Action.Operation,
        Arguments = record.Action.Arguments.ToString(),
        record.Claimed,
        record.Preview,
        Facts = record.Facts.Members.Values,
        record.Life.Votes,
        Error = record.Outcome?.Error,
        Result = record.Outcome?.Result is { } result ? System.Text.Encoding.UTF8.GetString(result.Span) : "",
        record.Ending,
    });

    [GeneratedRegex("#[a-p]{12}")]
    private static partial Regex Print();
}
