using System.Text.Json;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Receipts;

/// <summary>
/// The threats that the ledger's reference names, as far as a receipt shows them, each with what a verifier says to it.
/// The same files are in <c>tests/vectors/receipts</c> for the page in the browser.
/// </summary>
public sealed class ForgeryTests
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true };

    public static TheoryData<string> Names => [.. Forgeries.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_forger_who_signs_everything_but_votes_is_found_out(string name)
    {
        var forgery = Forgeries.All[name];
        using var log = Vectors.Open(forgery.Of);
        var file = forgery.ToFile(log);
        var report = new ReceiptVerifier([log.Key]).Verify(file);

        Assert.Equal(
            forgery.Doubts.Select(doubt => doubt.ToText()).Order(),
            report.Doubts.Select(found => found.Doubt.ToText()).Distinct().Order());
        if (Vectors.WritesTo is { } folder)
        {
            File.WriteAllBytes(Path.Combine(folder, "forged", $"{name}.json"), file);
        }
    }

    [Fact]
    public void The_vectors_for_other_verifiers_are_these()
    {
        var expected = Forgeries.All.ToDictionary(
            pair => pair.Key, pair => pair.Value.Doubts.Select(doubt => doubt.ToText()).Order().ToList());
        var text = JsonSerializer.Serialize(expected, s_readable);
        if (Vectors.WritesTo is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, "forged.json"), text + "\n");
        }

        Assert.Equal(text + "\n", Vectors.ReadText("forged.json"));
        foreach (var (name, forgery) in Forgeries.All)
        {
            using var log = Vectors.Open(forgery.Of);
            Assert.Equal(forgery.ToFile(log), Vectors.Read(Path.Combine("forged", $"{name}.json")));
        }
    }

    [Fact]
    public void Every_doubt_about_what_entries_say_has_its_forgery()
    {
        var byOtherTests = new[]
        {
            Doubt.Unreadable, Doubt.NoTrust, Doubt.Unsigned, Doubt.ForgedSignature, Doubt.UnknownSignature,
            Doubt.OtherOrigin, Doubt.NotIncluded, Doubt.PayloadChanged,
        };
        Assert.Empty(Enum.GetValues<Doubt>()
            .Except(byOtherTests)
            .Except(Forgeries.All.Values.SelectMany(forgery => forgery.Doubts)));
    }
}
