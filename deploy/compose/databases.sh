# PostgreSQL's image runs this once, on an empty volume. Each <SERVICE>_DATABASE_PASSWORD gets the service a database of its own, owned
# by a role of its own that cannot connect to the others. The role of the exporter sees statistics and no data.
run() {
  psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres "$@"
}

for variable in $(env | sed -n 's/^\([A-Z]*_DATABASE_PASSWORD\)=.*/\1/p' | grep -v ^MONITORING_); do
  service=$(printf %s "${variable%_DATABASE_PASSWORD}" | tr '[:upper:]' '[:lower:]')
  run --set name="bazaar_$service" --set variable="$variable" <<'SQL'
\getenv password :variable
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke all on database :"name" from public;
SQL
done

run <<'SQL'
\getenv password MONITORING_DATABASE_PASSWORD
create role monitoring login password :'password' in role pg_monitor;
revoke all on database postgres, template1 from public;
grant connect on database postgres to monitoring;
SQL
