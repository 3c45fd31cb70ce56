using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Policies;

namespace Countersign.Core.Reads;

/// <summary>
/// Writes the parameters of one read as one JSON value. Called when the entry is written, not while the read waits.
/// </summary>
public delegate void WriteParameters(Utf8JsonWriter json, ReadOnlySpan<byte> parameters);

/// <summary>
/// What all reads of one prepared statement share, made once: an entry says it once, whatever the number of reads.
/// </summary>
/// <param name="Operation">The gate's own word for what is done.</param>
/// <param name="Text">The statement, as it runs.</param>
/// <param name="Facts">What the gate derived from it.</param>
/// <param name="Verdict">Why the policy allows it.</param>
/// <param name="WriteParameters">How the gate spells the parameters of a read.</param>
public sealed record ReadStatement(
    string Operation, string Text, Facts Facts, Verdict Verdict, WriteParameters WriteParameters);
