namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Computes shapes; any thread may ask.</summary>
/// <param name="key">
/// Random bytes of this process, without which nobody can make two texts that do different things share a shape.
/// </param>
/// <param name="limits">How much text is taken.</param>
internal sealed class Shapes(ReadOnlySpan<byte> key, PostgresLimits limits) : IDisposable
{
    private readonly SipHash _hash = new(key);

    // Nothing is awaited between its use and the next one, so each thread has buffers of its own.
    private readonly ThreadLocal<ShapeWriter> _writers = new(() => new ShapeWriter(new SqlScan(limits)));

    /// <summary>The text's shape, or why it is refused before anybody looks at it.</summary>
    public SqlFault? TryRead(ReadOnlySpan<byte> text, out Shape shape)
    {
        var writer = _writers.Value!;
        if (writer.Write(text) is { } fault)
        {
            shape = default;
            return fault;
        }

        var (first, second) = _hash.Compute(writer.Written);
        shape = new Shape(first, second);
        return null;
    }

    public void Dispose() => _writers.Dispose();
}
