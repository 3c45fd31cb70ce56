using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// The columns of a portal as the database describes them. Drivers do not ask for them again, so the gate does.
/// </summary>
/// <param name="isText">
/// Whether values of a type that somebody made are plain texts, so that they are masked as such.
/// </param>
internal sealed class ResultShape(Func<uint, bool> isText)
{
    /// <summary>None when there are no rows, or nobody was told.</summary>
    public IReadOnlyList<ShapedColumn> Columns { get; private set; } = [];

    /// <summary>Takes a RowDescription; NoData leaves it without columns.</summary>
    public void Take(WireMessage message)
    {
        if (message.Type != BackendMessage.RowDescription)
        {
            return;
        }

        var body = RowDescriptionBody.Read(message.Body);
        var columns = new List<ShapedColumn>(body.Count);
        foreach (var column in body)
        {
            var type = isText(column.Type) ? PostgresType.Text : column.Type;
            columns.Add(new ShapedColumn(Encoding.UTF8.GetString(column.Name), type, column.IsBinary));
        }

        Columns = columns;
    }
}

/// <summary>A column of a result: its name, the OID of its type, and its format.</summary>
internal readonly record struct ShapedColumn(string Name, uint Type, bool IsBinary);
