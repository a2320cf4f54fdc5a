// Certificates made at test time: none is kept in the repository.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

function openssl(folder, ...words) {
  execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

export function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  const at = (name) => path.join(folder, name);
  const newKey = (name) => openssl(folder, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  newKey('authority');
  openssl(folder, 'req', '-x509', '-new', '-key', 'authority.key', '-subj', '/CN=Test authority', '-days', '30', '-out', 'authority.pem');
  // `ca` takes explicit dates, which `x509` of OpenSSL 3.0 does not.
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('index.txt.attr'), 'unique_subject = no\n');
  writeFileSync(at('serial'), '1000\n');
  writeFileSync(
    at('ca.cnf'),
    '[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = p\ncopy_extensions = copy\ndefault_days = 30\n[p]\ncommonName = supplied\n',
  );
  const issue = (name, alternative, dates = []) => {
    newKey(name);
    openssl(folder, 'req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`, '-out', `${name}.csr`);
    openssl(folder, 'ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'authority.pem', '-keyfile', 'authority.key', ...dates, '-in', `${name}.csr`, '-out', `${name}.pem`);
    return { key: readFileSync(at(`${name}.key`)), cert: readFileSync(at(`${name}.pem`)), keyFile: at(`${name}.key`), certFile: at(`${name}.pem`) };
  };
  const good = issue('good', 'IP:127.0.0.1,DNS:localhost');
  const named = issue('named', 'IP:127.0.0.1,DNS:upstream.test');
  const wrongName = issue('wrong', 'DNS:other.example');
  const expired = issue('expired', 'IP:127.0.0.1', ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']);
  newKey('self');
  openssl(folder, 'req', '-x509', '-new', '-key', 'self.key', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '30', '-out', 'self.pem');
  const selfSigned = { key: readFileSync(at('self.key')), cert: readFileSync(at('self.pem')) };
  return { good, named, wrongName, expired, selfSigned, authorityFile: at('authority.pem'), authority: readFileSync(at('authority.pem')) };
}
