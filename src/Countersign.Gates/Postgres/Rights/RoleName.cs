using System.Text;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>The name of a role as the catalog has it.</summary>
internal readonly record struct RoleName
{
    /// <summary>NAMEDATALEN - 1: a longer one would be cut off, and be another role.</summary>
    public const int MostBytes = 63;

    private readonly string? _value;

    public RoleName(string value)
    {
        if (value.Length == 0 || Encoding.UTF8.GetByteCount(value) > MostBytes || value.Contains('\0'))
        {
            throw new RightsException($"'{value}' is no name of a PostgreSQL role: it has 1 to {MostBytes} bytes.");
        }

        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("A role's name was never set.");

    /// <summary>As SQL takes it.</summary>
    public string Quoted => Sql.Identifier(Value);

    public override string ToString() => Value;
}
