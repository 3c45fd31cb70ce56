using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class SignedNoteTests
{
    private const string Text = "This is an example message.\n";

    private const string SignatureLine =
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72Ine"
        + "yaQM=\n";

    // The example of C2SP signed-note.
    private static readonly NoteVerifierKey Key =
        NoteVerifierKey.Parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");

    private static readonly NoteVerifierKey OtherKey = new(
        new KeyName("example.com/other"),
        NoteAlgorithm.Ed25519,
        Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));

    [Fact]
    public void The_note_of_the_specification_verifies_and_is_spelt_as_it_was()
    {
        var note = Parse($"{Text}\n{SignatureLine}");

        var trusted = Assert.IsType<NoteCheck.Trusted>(note.Verify([OtherKey, Key]));
        Assert.Equal([Key], trusted.Signers);
        Assert.Equal(Text, Encoding.UTF8.GetString(note.Text.Span));
        Assert.Equal($"{Text}\n{SignatureLine}", Encoding.UTF8.GetString(note.ToBytes()));
    }

    [Fact]
    public void Unknown_signers_are_ignored_but_do_not_suffice()
    {
        var unknown = string.Concat(Enumerable.Range(0, 16).Select(Unknown));

        Assert.IsType<NoteCheck.Trusted>(Parse($"{Text}\n{unknown}{SignatureLine}").Verify([Key]));
        Assert.IsType<NoteCheck.Unknown>(Parse($"{Text}\n{unknown}").Verify([Key]));
        Assert.IsType<NoteCheck.Unknown>(Parse($"{Text}\n{SignatureLine}").Verify([OtherKey]));
        Assert.IsType<NoteCheck.Unknown>(Parse($"{Text}\n{SignatureLine}").Verify([]));
    }

    [Fact]
    public void A_bad_signature_of_a_known_key_spoils_the_note()
    {
        var bad = new NoteSignature(OtherKey.Name, OtherKey.Id, new byte[64]);

        var note = Parse($"{Text}\n{SignatureLine}").With(bad);

        var forged = Assert.IsType<NoteCheck.Forged>(note.Verify([Key, OtherKey]));
        Assert.Equal(OtherKey.Name, forged.Name);
        Assert.IsType<NoteCheck.Forged>(Parse($"This is another message.\n\n{SignatureLine}").Verify([Key]));
    }

    [Fact]
    public void The_text_may_hold_empty_lines()
    {
        var note = Parse($"one\n\ntwo\n\n{SignatureLine}");

        Assert.Equal("one\n\ntwo\n", Encoding.UTF8.GetString(note.Text.Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n— name AAAAAAA=\n")]
    [InlineData("text\n\n— name AAAAAAA=")]
    [InlineData("text\n\n— name AAAAAAA=\n\n")]
    [InlineData("text\n\n- name AAAAAAA=\n")]
    [InlineData("text\n\n—name AAAAAAA=\n")]
    [InlineData("text\n\n—  AAAAAAA=\n")]
    [InlineData("text\n\n— name  AAAAAAA=\n")]
    [InlineData("text\n\n— name AAAAAAA= \n")]
    [InlineData("text\n\n— na+me AAAAAAA=\n")]
    [InlineData("text\n\n— na\u00a0me AAAAAAA=\n")]
    [InlineData("text\n\n— name AAAAAAA\n")]
    [InlineData("text\n\n— name AAAAAAB=\n")]
    [InlineData("text\n\n— name AAAAAA==\n")]
    [InlineData("text\n\n— name !AAAAAA=\n")]
    [InlineData("te\txt\n\n— name AAAAAAA=\n")]
    [InlineData("te\rxt\n\n— name AAAAAAA=\n")]
    [InlineData("te\0xt\n\n— name AAAAAAA=\n")]
    public void A_malformed_note_is_refused(string note) => Assert.Throws<FormatException>(() => Parse(note));

    [Fact]
    public void Invalid_utf8_is_refused() => Assert.Throws<FormatException>(
        () => SignedNote.Parse([0xff, .. Encoding.UTF8.GetBytes($"{Text}\n{SignatureLine}")]));

    [Fact]
    public void Sizes_have_limits()
    {
        var lines = string.Concat(Enumerable.Range(0, SignedNote.MaxSignatures).Select(Unknown));

        Assert.Equal(SignedNote.MaxSignatures, Parse($"{Text}\n{lines}").Signatures.Count);
        Assert.Throws<FormatException>(() => Parse($"{Text}\n{lines}{SignatureLine}"));
        Assert.Throws<FormatException>(() => Parse($"{new string('x', SignedNote.MaxBytes)}\n\n{SignatureLine}"));
    }

    [Fact]
    public void A_text_without_a_last_line_feed_is_not_signed()
    {
        Assert.Throws<FormatException>(() => SignedNote.Sign("text"u8, Key, static _ => new byte[64]));
        Assert.Throws<FormatException>(() => SignedNote.Sign("te\txt\n"u8, Key, static _ => new byte[64]));
    }

    private static SignedNote Parse(string note) => SignedNote.Parse(Encoding.UTF8.GetBytes(note));

    private static string Unknown(int number) => $"— witness-{number} AAAAAAA=\n";
}
