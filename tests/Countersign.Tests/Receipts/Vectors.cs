using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Receipts;

/// <summary>
/// The receipts in <c>tests/vectors/receipts</c>: what really happened in nine actions, under a log key that every
/// test knows. What forgers make of them is beside them, for verifiers that are not written in C#.
/// </summary>
internal static class Vectors
{
    /// <summary>Names a folder to which the vectors are written anew.</summary>
    public const string WriteVariable = "COUNTERSIGN_WRITE_VECTORS";

    private static string Folder => Path.Combine(RepositoryRoot.Path, "tests", "vectors", "receipts");

    public static string? WritesTo => Environment.GetEnvironmentVariable(WriteVariable);

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static string ReadText(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public static ForgedLog Open(string name) => new(Receipt.Parse(Read($"{name}.json")));

    public static NoteVerifierKey Key => NoteVerifierKey.Parse(ReadText("vkey.txt").Trim());

    /// <summary>Keeps a receipt of a real store as a vector, when vectors are written.</summary>
    public static void Keep(string name, Receipt receipt)
    {
        if (WritesTo is not { } folder)
        {
            return;
        }

        using var log = new ForgedLog(receipt);
        File.WriteAllBytes(Path.Combine(folder, $"{name}.json"), log.ToReceipt().ToBytes());
        File.WriteAllText(Path.Combine(folder, "vkey.txt"), $"{log.Key}\n");
    }
}
