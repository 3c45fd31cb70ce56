using Countersign.Core.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger;

public sealed class EntryBundleTests
{
    [Fact]
    public void A_bundle_survives_its_bytes() => Prop
        .ForAll(ArbMap.Default.ArbFor<byte[][]>(), static entries =>
        {
            var bundle = EntryBundle.Encode([.. entries.Select(static entry => (ReadOnlyMemory<byte>)entry)]);
            var again = EntryBundle.Decode(bundle, entries.Length);
            return again.Select(static entry => Convert.ToHexString(entry.Span))
                .SequenceEqual(entries.Select(Convert.ToHexString));
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Lengths_are_big_endian() =>
        Assert.Equal("0001AA0000", Convert.ToHexString(EntryBundle.Encode([new byte[] { 0xaa }, Array.Empty<byte>()])));

    [Fact]
    public void The_longest_entry_fits_and_one_byte_more_does_not()
    {
        var bundle = EntryBundle.Encode([new byte[EntryBundle.MaxEntryBytes]]);

        Assert.Equal(EntryBundle.MaxEntryBytes, EntryBundle.Decode(bundle, 1)[0].Length);
        Assert.Throws<ArgumentException>(() => EntryBundle.Encode([new byte[EntryBundle.MaxEntryBytes + 1]]));
    }

    [Theory]
    [InlineData("0001AA", 2)]
    [InlineData("0001AA0000", 1)]
    [InlineData("0001", 1)]
    [InlineData("00", 1)]
    [InlineData("0002AA", 1)]
    [InlineData("", 1)]
    public void A_damaged_bundle_is_refused(string hex, int width) =>
        Assert.Throws<FormatException>(() => EntryBundle.Decode(Convert.FromHexString(hex), width));
}
