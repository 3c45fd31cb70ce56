namespace Countersign.Gates.Postgres;

/// <summary>
/// Settings under which every text was read. When the database reports another value, whoever changed it, the texts
/// that follow could mean something else, so the connection ends.
/// </summary>
internal static class PinnedSettings
{
    public static Refusal? WhyNot(string name, string value) => (name, value) switch
    {
        ("client_encoding", not "UTF8") or ("standard_conforming_strings", not "on") => new Refusal(
            Refusal.AdminShutdown, $"{name} became {value}, under which this gateway cannot read SQL.")
        {
            IsFatal = true,
        },
        _ => null,
    };
}
