using System.Collections.Immutable;

namespace Countersign.Core.Receipts;

/// <summary>Collects what the steps of a verification find, in any order.</summary>
internal sealed class Findings
{
    public const int FirstStep = 1;
    public const int LastStep = 12;

    private static readonly ImmutableArray<string> Titles =
    [
        "Trust: the checkpoint is signed by a log that you trust",
        "Inclusion: every entry is in that log, in its place",
        "Payloads: the entries say what is shown here",
        "Statements: signed votes are about exactly this",
        "Client data: signed on a page of the expected origin",
        "Relying party: signed for the expected site",
        "Presence: the authenticator verified its user",
        "Signatures: made by the passkey",
        "Enrolment: the passkey was enrolled before, by the same person",
        "Revocation: the passkey was not revoked in between",
        "Decision: what was approved is what was done, in time, and no more often",
        "Outcome: how it ended",
    ];

    private readonly List<string> _story = [];
    private readonly List<FoundDoubt> _doubts = [];
    private readonly List<(int Step, string Text)> _proved = [];
    private readonly List<(int Step, string Text)> _notProved = [];

    public bool HasDoubts => _doubts.Count > 0;

    public void Tell(string line) => _story.Add(line);

    public void Prove(int step, string text) => _proved.Add((step, text));

    public void Leave(int step, string text) => _notProved.Add((step, text));

    public void Question(Doubt doubt, string text) => _doubts.Add(new FoundDoubt(doubt, text));

    public ReceiptReport ToReport(Receipt? receipt) => new(
        receipt,
        [.. Titles.Select((title, i) => new StepReport(
            i + 1,
            title,
            TextsOf(_proved, i + 1),
            TextsOf(_notProved, i + 1),
            [.. _doubts.Where(found => found.Doubt.StepOf() == i + 1)]))],
        [.. _story]);

    private static ImmutableArray<string> TextsOf(List<(int Step, string Text)> all, int step) =>
        [.. all.Where(found => found.Step == step).Select(found => found.Text).Distinct()];
}
